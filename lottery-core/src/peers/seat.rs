//! What is known of each connection to whoever has to choose which of them is to go.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::time::Duration;

use lottery_proto::Instant;
use lottery_runtime::Mailbox;

use super::network::Network;
use crate::commit_queue::Notice;

/// Nobody goes who was heard within this time: what it has sent may be on its way.
const LEAST_IDLE: Duration = Duration::from_millis(250);
/// If nobody can go, so long nobody is looked for again.
const PAUSE: Duration = Duration::from_millis(50);

/// What a connection is to the lottery; the first go first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub(crate) enum Standing {
    /// It waits for the draw, and its peer has ended its side, and may be gone.
    Ended,
    /// It has not said which agency it is.
    Anonymous,
    /// It has not, and waits for the draw.
    AnonymousWaiter,
    /// It is an agency's, and does not go.
    Agency,
}

/// A connection that is served.
pub(super) struct Seat {
    pub(super) network: Network,
    pub(super) mailbox: Mailbox<Notice>,
    standing: AtomicU8,
    /// When it was last heard, in nanoseconds.
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

    /// The order in which those go that can; `None` for one that cannot.
    fn order(&self, now: Instant) -> Option<(u8, u64)> {
        let (standing, heard) = (self.standing.load(Ordering::Relaxed), self.heard.load(Ordering::Relaxed));
        let idle = Duration::from_nanos(nanos(now).saturating_sub(heard));
        (standing < Standing::Agency as u8 && idle >= LEAST_IDLE).then_some((standing, heard))
    }
}

fn nanos(now: Instant) -> u64 {
    u64::try_from(now.since_epoch().as_nanos()).unwrap_or(u64::MAX)
}

/// Those who go next. All connections are looked at once for many that go.
#[derive(Default)]
pub(super) struct Next {
    queue: VecDeque<((u8, u64), u64)>,
    /// Nobody is looked for before.
    again: Instant,
}

impl Next {
    /// The number of the connection that goes, of those in `all`, by number.
    pub(super) fn take<'a>(
        &mut self,
        now: Instant,
        seats: &BTreeMap<u64, Arc<Seat>>,
        all: impl Iterator<Item = (&'a u64, &'a Arc<Seat>)>,
    ) -> Option<u64> {
        // Who was heard since goes later.
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
