//! Place of a connection among all.

use std::fmt;
use std::mem;
use std::sync::Arc;

use lottery_proto::Instant;

use super::network::{Host, Network};
use super::seat::{Seat, Standing};
use super::{ADDRESS_LINES, ADDRESS_REJECTIONS, ALL_LINES, Peers, State, say_unwritten};

/// Place of a connection among all, given back on drop.
pub(crate) struct Place {
    pub(super) peers: Arc<Peers>,
    pub(super) number: u64,
    pub(super) ip: Host,
    /// `None`: the connection is not served.
    pub(super) seat: Option<Arc<Seat>>,
}

impl Place {
    /// Returns the address of the peer.
    pub(crate) fn ip(&self) -> Host {
        self.ip
    }

    /// Sets the standing of the connection, and the time of its last input.
    pub(crate) fn set(&self, standing: Standing, heard: Instant) {
        if let Some(seat) = &self.seat {
            seat.set(standing, heard);
        }
    }

    /// Returns true if a line caused by this peer may be logged. Logs the number of lines dropped before it.
    pub(crate) fn may_log(&self, now: Instant) -> bool {
        let mut state = self.peers.lock(now);
        let State { addresses, lines, unwritten, .. } = &mut *state;
        let Some(address) = addresses.get_mut(&Network::of(self.ip)) else { return false };
        let may = address.lines.take(now, ADDRESS_LINES) && lines.take(now, ALL_LINES);
        if !may {
            address.unwritten += 1;
            return false;
        }
        let unwritten = mem::take(&mut address.unwritten) + mem::take(unwritten);
        drop(state);
        say_unwritten(unwritten);
        true
    }

    /// Notes a rejection of something that the peer sent, and returns true if its address has had too many.
    pub(crate) fn rejected_too_often(&self, now: Instant) -> bool {
        let mut state = self.peers.lock(now);
        let address = state.addresses.get_mut(&Network::of(self.ip));
        address.is_some_and(|address| !address.rejections.take(now, ADDRESS_REJECTIONS))
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Place({}, served: {})", self.number, self.seat.is_some())
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let network = Network::of(self.ip);
        let mut state = self.peers.lock(Instant::default());
        match self.seat {
            None => state.rejected -= 1,
            Some(_) if state.seats.remove(&self.number).is_none() => state.leaving -= 1,
            Some(_) => {}
        }
        let State { addresses, vacant, .. } = &mut *state;
        if let Some(address) = addresses.get_mut(&network) {
            address.seats.remove(&self.number);
            address.connections -= 1;
            *vacant += usize::from(address.connections == 0);
        }
    }
}
