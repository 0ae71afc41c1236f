//! Seats of the connections that are served: the data by which one is chosen to be displaced.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::time::Duration;

use lottery_proto::Instant;
use lottery_runtime::Mailbox;

use super::network::Network;
use crate::messages::Notice;

/// Minimum time without input before a connection is displaced: a message may be on its way.
const MIN_IDLE: Duration = Duration::from_millis(250);
/// Pause before the next search, if no connection can be displaced.
const PAUSE: Duration = Duration::from_millis(50);

/// Standing of a connection; those with the lowest are displaced first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub(crate) enum Standing {
    /// It waits for the draw, and its peer has ended its side and may be gone.
    Ended,
    /// It has sent no agency number.
    Anonymous,
    /// It has sent no agency number, and waits for the draw.
    AnonymousWaiter,
    /// It is an agency's, and is not displaced.
    Agency,
}

/// Seat of a connection that is served.
pub(super) struct Seat {
    pub(super) network: Network,
    pub(super) mailbox: Mailbox<Notice>,
    standing: AtomicU8,
    /// Time of the last input, in nanoseconds.
    heard: AtomicU64,
}

impl Seat {
    pub(super) fn new(network: Network, mailbox: Mailbox<Notice>, now: Instant) -> Self {
        let seat = Self { network, mailbox, standing: AtomicU8::default(), heard: AtomicU64::default() };
        seat.set(Standing::Anonymous, now);
        seat
    }

    pub(super) fn set(&self, standing: Standing, heard: Instant) {
        self.standing.store(standing as u8, Ordering::Relaxed);
        self.heard.store(nanos(heard), Ordering::Relaxed);
    }

    /// Returns the place in the order of displacement; `None`: it cannot be displaced.
    fn order(&self, now: Instant) -> Option<(u8, u64)> {
        let (standing, heard) = (self.standing.load(Ordering::Relaxed), self.heard.load(Ordering::Relaxed));
        let idle = Duration::from_nanos(nanos(now).saturating_sub(heard));
        (standing < Standing::Agency as u8 && idle >= MIN_IDLE).then_some((standing, heard))
    }
}

fn nanos(now: Instant) -> u64 {
    u64::try_from(now.since_epoch().as_nanos()).unwrap_or(u64::MAX)
}

/// Connections to displace next. One pass over all connections finds several.
#[derive(Default)]
pub(super) struct Next {
    queue: VecDeque<((u8, u64), u64)>,
    /// Time before which no search is made.
    again: Instant,
}

impl Next {
    /// Returns the number of the connection to displace, out of `all`, which have their numbers.
    pub(super) fn take<'a>(
        &mut self,
        now: Instant,
        seats: &BTreeMap<u64, Arc<Seat>>,
        all: impl Iterator<Item = (&'a u64, &'a Arc<Seat>)>,
    ) -> Option<u64> {
        // A connection with input since the search is skipped.
        let still = |queue: &mut VecDeque<((u8, u64), u64)>| {
            let found = queue.iter().position(|(order, number)| {
                seats.get(number).is_some_and(|seat| seat.order(now) == Some(*order))
            })?;
            queue.drain(..=found).next_back().map(|(_, number)| number)
        };
        if let Some(number) = still(&mut self.queue) {
            return Some(number);
        }
        self.queue.clear();
        if now < self.again {
            return None;
        }
        let mut found: Vec<_> = all.filter_map(|(number, seat)| Some((seat.order(now)?, *number))).collect();
        let some = found.len().div_ceil(16);
        if found.is_empty() {
            self.again = now.after(PAUSE);
            return None;
        }
        if some < found.len() {
            found.select_nth_unstable(some);
            found.truncate(some);
        }
        found.sort_unstable();
        self.queue = found.into();
        self.queue.pop_front().map(|(_, number)| number)
    }
}
