//! When a connection has to be looked at again though nothing has happened.

use core::time::Duration;

use crate::Instant;

/// The least rate at which a message has to come, in bytes a second.
const LEAST_RATE: u64 = 100;
/// However much of a message has come, it may take no longer than so many times what it may take at first.
const MOST_TIMES: u32 = 30;

/// How long a message may take of which so many bytes have come: `limit`, and a second more for each 100 bytes, but at most
/// 30 times as long. So it ends on a line that is slow and shared, while who sends a byte a second is given up at once.
pub(crate) fn message_limit(limit: Duration, received: usize) -> Duration {
    let received = u64::try_from(received).unwrap_or(u64::MAX);
    let more = Duration::from_millis(received.saturating_mul(1000 / LEAST_RATE));
    limit.saturating_add(more).min(limit.saturating_mul(MOST_TIMES))
}

/// What a deadline is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Timer {
    /// The peer owes a message, and sends nothing.
    Idle,
    /// A message was begun, and is not complete.
    Message,
    /// A line was begun, and may be all of it.
    Line,
    /// The peer takes nothing of what is sent.
    Stall,
    /// The peer owes an answer.
    Answer,
    /// The connection is ending.
    Linger,
    /// Memory could be given back.
    Shrink,
}

const ALL: [Timer; 7] =
    [Timer::Idle, Timer::Message, Timer::Line, Timer::Stall, Timer::Answer, Timer::Linger, Timer::Shrink];

/// The deadlines that are set.
#[derive(Debug, Default)]
pub(crate) struct Timers([Option<Instant>; ALL.len()]);

impl Timers {
    /// Sets the deadline, or stops it.
    pub(crate) fn set(&mut self, timer: Timer, deadline: Option<Instant>) {
        if let Some(slot) = self.0.get_mut(timer as usize) {
            *slot = deadline;
        }
    }

    /// The earliest deadline. One that has come, but was not told at `now`, is as soon as can be.
    pub(crate) fn next(&self, now: Instant) -> Option<Instant> {
        let soon = now.after(Duration::from_nanos(1));
        self.0.iter().flatten().min().map(|deadline| soon.max(*deadline))
    }

    /// Whether that deadline is set.
    pub(crate) fn is_set(&self, timer: Timer) -> bool {
        self.0.get(timer as usize).is_some_and(Option::is_some)
    }

    /// A timer whose deadline has come. It is stopped.
    pub(crate) fn expire(&mut self, now: Instant) -> Option<Timer> {
        ALL.into_iter().zip(&mut self.0).find_map(|(timer, slot)| {
            slot.take_if(|deadline| *deadline <= now)?;
            Some(timer)
        })
    }
}
