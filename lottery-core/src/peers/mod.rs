//! Peers: limits on connections, displacement of idle ones, and limits on the log lines that peers cause.

mod bucket;
mod network;
mod place;
mod seat;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use lottery_proto::Instant;
use tracing::warn;

use self::bucket::{Bucket, Rate};
pub(crate) use self::network::Host;
use self::network::Network;
pub(crate) use self::place::Place;
pub(crate) use self::seat::Standing;
use lottery_runtime::Mailbox;

use self::seat::{Next, Seat};
use crate::messages::Notice;

/// Number of connections beyond the limit that are told so, and of displaced ones that are still there.
/// Further connections are closed without a reply.
const AT_ONCE: usize = 64;

/// Number of addresses without a connection that are remembered; at twice as many the rest is forgotten.
const REMEMBERED: usize = 1024;

/// Log lines for an address: about 2 MB at once.
const ADDRESS_LINES: Rate = Rate { max: 20_000, each_second: 20 };
/// Log lines for all addresses together.
const ALL_LINES: Rate = Rate { max: 100_000, each_second: 50 };
/// Log lines about connections that could not be accepted.
const FAILURE_LINES: Rate = Rate { max: 20, each_second: 1 };
/// Rejections for an address: after them the first rejection ends a connection.
const ADDRESS_REJECTIONS: Rate = Rate { max: 1000, each_second: 10 };

/// Limits on connections that are open at once.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Number of connections in all.
    pub(crate) all: usize,
    /// Number of connections of an address.
    pub(crate) of_an_address: usize,
    /// Number of connections of an address of this machine or of a private network.
    pub(crate) of_a_local_address: usize,
}

/// Connections of all peers, and the history of their addresses.
pub(crate) struct Peers {
    limits: Limits,
    state: Mutex<State>,
}

struct State {
    /// Connections that are served, by number.
    seats: BTreeMap<u64, Arc<Seat>>,
    addresses: BTreeMap<Network, Address>,
    /// Number of addresses without a connection.
    vacant: usize,
    next: Next,
    /// Number of connections that are told that there are too many.
    rejected: usize,
    /// Number of displaced connections that are still there.
    leaving: usize,
    lines: Bucket,
    failures: Bucket,
    /// Number of dropped log lines about forgotten addresses, and about connections that could not be
    /// accepted.
    unwritten: u64,
    /// Latest time that a connection has reported.
    now: Instant,
}

/// History of an address.
struct Address {
    /// Connections that are served, by number.
    seats: BTreeSet<u64>,
    /// Number of connections, with those that are rejected.
    connections: usize,
    next: Next,
    lines: Bucket,
    rejections: Bucket,
    /// Number of dropped log lines.
    unwritten: u64,
}

/// Decision about a new connection.
#[derive(Debug)]
pub(crate) enum Admission {
    /// It is served.
    Served,
    /// It is told this reason and ends.
    Rejected(&'static str),
    /// It is closed without a reply: too many others are being told.
    Closed(&'static str),
}

impl Peers {
    pub(crate) fn new(limits: Limits) -> Self {
        let now = Instant::default();
        let state = State {
            seats: BTreeMap::new(),
            addresses: BTreeMap::new(),
            vacant: 0,
            next: Next::default(),
            rejected: 0,
            leaving: 0,
            lines: Bucket::full(now, ALL_LINES),
            failures: Bucket::full(now, FAILURE_LINES),
            unwritten: 0,
            now,
        };
        Self { limits, state: Mutex::new(state) }
    }

    /// Finds a place for a connection. If there is none, displaces an idle connection that is no agency's.
    pub(crate) fn admit(
        self: &Arc<Self>,
        now: Instant,
        number: u64,
        ip: Host,
        mailbox: &Mailbox<Notice>,
    ) -> (Place, Admission) {
        let network = Network::of(ip);
        let mut state = self.lock(now);
        let of_an_address =
            if network.is_local() { self.limits.of_a_local_address } else { self.limits.of_an_address };
        let admitted = state.enter(network).seats.len() < of_an_address;
        let (admitted, reason) = match admitted {
            true if state.seats.len() < self.limits.all => (Some(None), ""),
            true => (state.displace(None).map(Some), "too many connections"),
            false => (state.displace(Some(network)).map(Some), "too many connections from this address"),
        };
        let mut place = Place { peers: Arc::clone(self), number, ip, seat: None };
        let Some(displaced) = admitted else {
            state.rejected += 1;
            let closed = state.rejected > AT_ONCE;
            return (place, if closed { Admission::Closed(reason) } else { Admission::Rejected(reason) });
        };
        let seat = Arc::new(Seat::new(network, mailbox.clone(), now));
        state.seats.insert(number, Arc::clone(&seat));
        if let Some(address) = state.addresses.get_mut(&network) {
            address.seats.insert(number);
        }
        drop(state);
        place.seat = Some(seat);
        if let Some(displaced) = displaced {
            displaced.mailbox.deliver(Notice::Displaced);
        }
        (place, Admission::Served)
    }

    /// Returns true if a line may be logged about a connection that could not be accepted. Logs the number of
    /// lines dropped before it.
    pub(crate) fn may_log_a_failure(&self) -> bool {
        let mut state = self.lock(Instant::default());
        let now = state.now;
        if !state.failures.take(now, FAILURE_LINES) {
            state.unwritten += 1;
            return false;
        }
        let unwritten = mem::take(&mut state.unwritten);
        drop(state);
        say_unwritten(unwritten);
        true
    }

    /// Returns the limits.
    pub(crate) fn limits(&self) -> Limits {
        self.limits
    }

    /// Logs the number of lines dropped so far; called at the end.
    pub(crate) fn say_unwritten(&self) {
        let state = self.lock(Instant::default());
        let unwritten = state.addresses.values().map(|address| address.unwritten).sum::<u64>();
        let unwritten = unwritten + state.unwritten;
        drop(state);
        say_unwritten(unwritten);
    }

    fn lock(&self, now: Instant) -> MutexGuard<'_, State> {
        // The state is whole between any two statements: a panic elsewhere does not spoil it.
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.now = state.now.max(now);
        state
    }
}

/// Omits the connections: the `Debug` of each connection holds this.
impl fmt::Debug for Peers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.lock(Instant::default());
        write!(f, "Peers({} served, addresses: {})", state.seats.len(), state.addresses.len())
    }
}

fn say_unwritten(lines: u64) {
    if lines > 0 {
        let reason = "more than are written of what peers cause";
        warn!(action = "log", result = "fail", lines, reason);
    }
}

impl State {
    /// Counts another connection of an address.
    fn enter(&mut self, network: Network) -> &mut Address {
        if !self.addresses.contains_key(&network) && self.vacant >= 2 * REMEMBERED {
            self.forget();
        }
        let now = self.now;
        let address = self.addresses.entry(network).or_insert_with(|| {
            self.vacant += 1;
            Address::new(now)
        });
        self.vacant -= usize::from(address.connections == 0);
        address.connections += 1;
        address
    }

    /// Displaces a connection, of this address if one is given, and returns its seat.
    fn displace(&mut self, network: Option<Network>) -> Option<Arc<Seat>> {
        if self.leaving >= AT_ONCE {
            return None;
        }
        let Self { seats, addresses, next, now, .. } = self;
        let number = match network {
            None => next.take(*now, seats, seats.iter()),
            Some(network) => {
                let Address { seats: numbers, next, .. } = addresses.get_mut(&network)?;
                let all = numbers.iter().filter_map(|number| seats.get_key_value(number));
                next.take(*now, seats, all)
            }
        }?;
        let seat = seats.remove(&number)?;
        if let Some(address) = addresses.get_mut(&seat.network) {
            address.seats.remove(&number);
        }
        self.leaving += 1;
        Some(seat)
    }

    /// Forgets addresses without connections: first those that have caused the fewest log lines lately.
    fn forget(&mut self) {
        let now = self.now;
        let vacant = self.addresses.iter_mut().filter(|(_, address)| address.connections == 0);
        let mut vacant: Vec<_> =
            vacant.map(|(network, address)| (address.lines.missing(now, ADDRESS_LINES), *network)).collect();
        vacant.sort_unstable();
        vacant.truncate(vacant.len().saturating_sub(REMEMBERED));
        for (_, network) in vacant {
            if let Some(address) = self.addresses.remove(&network) {
                self.vacant -= 1;
                self.unwritten += address.unwritten;
            }
        }
    }
}

impl Address {
    fn new(now: Instant) -> Self {
        Self {
            seats: BTreeSet::new(),
            connections: 0,
            next: Next::default(),
            lines: Bucket::full(now, ADDRESS_LINES),
            rejections: Bucket::full(now, ADDRESS_REJECTIONS),
            unwritten: 0,
        }
    }
}

#[cfg(test)]
mod tests;
