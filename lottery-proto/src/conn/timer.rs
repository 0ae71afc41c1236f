//! Timers of a connection (`docs/protocol.md#deadlines`).

use core::time::Duration;

use crate::Instant;

/// Minimum rate of an incoming message, in bytes per second.
const LEAST_RATE: u64 = 100;
/// Maximum time for a message, as a multiple of its initial limit, however many bytes have come.
const MOST_TIMES: u32 = 30;

/// Returns the maximum time for a message of which `received` bytes have come: `limit`, and one second more for each
/// 100 bytes, but at most 30 times `limit`. A message on a slow, shared line completes, while a peer that sends one
/// byte per second is cut off soon after `limit`.
pub(crate) fn message_limit(limit: Duration, received: usize) -> Duration {
    let received = u64::try_from(received).unwrap_or(u64::MAX);
    let more = Duration::from_millis(received.saturating_mul(1000 / LEAST_RATE));
    limit.saturating_add(more).min(limit.saturating_mul(MOST_TIMES))
}

/// Purposes of a deadline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Timer {
    /// The peer owes a message and sends nothing.
    Idle,
    /// A message has begun and is not complete.
    Message,
    /// A line of `echo` has begun and may be complete without a line end.
    Line,
    /// The peer takes none of the bytes that are to be sent.
    Stall,
    /// The peer owes a reply.
    Answer,
    /// The application owes a reply.
    Reply,
    /// The connection is ending.
    Linger,
    /// Memory can be given back.
    Shrink,
}

const ALL: [Timer; 8] = [
    Timer::Idle,
    Timer::Message,
    Timer::Line,
    Timer::Stall,
    Timer::Answer,
    Timer::Reply,
    Timer::Linger,
    Timer::Shrink,
];

/// Deadlines that are set, one for each [`Timer`].
#[derive(Debug, Default)]
pub(crate) struct Timers([Option<Instant>; ALL.len()]);

impl Timers {
    /// Sets the deadline, or stops it with `None`.
    pub(crate) fn set(&mut self, timer: Timer, deadline: Option<Instant>) {
        if let Some(slot) = self.0.get_mut(timer as usize) {
            *slot = deadline;
        }
    }

    /// Returns the earliest deadline, at least 1 ns after `now`: a deadline that has passed stays due until a timeout
    /// is reported.
    pub(crate) fn next(&self, now: Instant) -> Option<Instant> {
        let soon = now.after(Duration::from_nanos(1));
        self.0.iter().flatten().min().map(|deadline| soon.max(*deadline))
    }

    /// True if that deadline is set.
    pub(crate) fn is_set(&self, timer: Timer) -> bool {
        self.0.get(timer as usize).is_some_and(Option::is_some)
    }

    /// Stops and returns a timer whose deadline has come, if there is one.
    pub(crate) fn expire(&mut self, now: Instant) -> Option<Timer> {
        ALL.into_iter().zip(&mut self.0).find_map(|(timer, slot)| {
            slot.take_if(|deadline| *deadline <= now)?;
            Some(timer)
        })
    }
}
