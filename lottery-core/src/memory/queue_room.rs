//! Room for requests on the commit queue: a small reserve for each connection, and a shared pool.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use lottery_proto::ConnId;

use super::pool::{Pool, Waiting, Wake};

/// Room reserved for each connection, in bytes: enough for one batch of a block, however full the pool is.
pub const OWN_ROOM: usize = 32 * 1024;

/// Part of the pool that one connection gets at most: one in this many, or one request if that is larger.
const SHARES: usize = 8;

/// Rooms of all connections.
#[derive(Clone, Debug)]
pub(crate) struct Rooms(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    limits: Limits,
    pool: Pool,
    holders: BTreeMap<ConnId, Holder>,
    closed: bool,
}

/// Limits for one connection, in bytes: of its reserve, and of its share of the pool.
#[derive(Clone, Copy, Debug)]
struct Limits {
    own: usize,
    share: usize,
}

/// Room held by a connection, in bytes.
#[derive(Debug, Default)]
struct Holder {
    own: usize,
    pooled: usize,
    /// Number of bytes that it waits for, and the call that wakes it.
    wants: Option<(usize, Wake)>,
    /// True while it waits in the queue of the pool.
    queued: bool,
    /// Room that it was given and has not taken yet.
    granted: Option<Place>,
}

/// Origin of a room, and its size in bytes.
#[derive(Clone, Copy, Debug)]
enum Place {
    Own(usize),
    Pool(usize),
}

/// Room for a request, given back on drop.
pub struct Room {
    rooms: Rooms,
    conn: ConnId,
    place: Place,
    /// Number of bytes taken of the pool beyond the size asked for.
    forced: usize,
}

impl Room {
    /// Grows the room to the real size of the request, if that was not known before; others wait longer for
    /// it.
    pub(crate) fn fit(&mut self, bytes: usize) {
        let more = bytes.saturating_sub(self.place.bytes() + self.forced);
        if more > 0 {
            self.rooms.force(self.conn, more);
            self.forced += more;
        }
    }
}

impl fmt::Debug for Room {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.place.fmt(f)
    }
}

impl Rooms {
    pub(crate) fn new(limit: usize) -> Self {
        let (pool, holders, share) = (Pool::new(limit), BTreeMap::new(), limit / SHARES);
        let limits = Limits { own: share.min(OWN_ROOM), share };
        Self(Arc::new(Mutex::new(State { limits, pool, holders, closed: false })))
    }

    /// Returns true if a connection waits.
    pub(crate) fn are_full(&self) -> bool {
        self.lock().holders.values().any(|holder| holder.wants.is_some())
    }

    /// Returns room for this many bytes. If there is none, the call that `wake` makes comes once there is: the
    /// room is this connection's from then on.
    pub(crate) fn take(&self, conn: ConnId, bytes: usize, wake: impl FnOnce() -> Wake) -> Option<Room> {
        let mut state = self.lock();
        let State { limits, pool, holders, closed } = &mut *state;
        let holder = holders.entry(conn).or_default();
        let place = match holder.granted.take() {
            // It was for another request, which was dropped.
            Some(granted) if granted.bytes() < bytes => {
                holder.give(granted, pool);
                None
            }
            granted => granted,
        };
        let place =
            place.or_else(|| if *closed { Some(Place::Own(0)) } else { holder.find(bytes, *limits, pool) });
        if place.is_none() && holder.wants.is_none() {
            holder.wants = Some((bytes, wake()));
            holder.queue(conn, *limits, pool);
        }
        state.forget(conn);
        let woken = state.grant();
        drop(state);
        wake_all(woken);
        Some(Room { rooms: self.clone(), conn, place: place?, forced: 0 })
    }

    /// Takes more of the pool than there may be, for a request that was let in.
    fn force(&self, conn: ConnId, more: usize) {
        let mut state = self.lock();
        let State { pool, holders, .. } = &mut *state;
        pool.force(more);
        holders.entry(conn).or_default().pooled += more;
    }

    /// Stops the connection's wait for room. The room that it holds comes back as the requests are done.
    pub(crate) fn leave(&self, conn: ConnId) {
        let mut state = self.lock();
        state.pool.leave(conn);
        let State { pool, holders, .. } = &mut *state;
        if let Some(holder) = holders.get_mut(&conn) {
            holder.wants = None;
            if let Some(granted) = holder.granted.take() {
                holder.give(granted, pool);
            }
        }
        state.forget(conn);
        let woken = state.grant();
        drop(state);
        wake_all(woken);
    }

    /// Lets all requests in from now on: they are rejected.
    pub(crate) fn close(&self) {
        let mut state = self.lock();
        state.closed = true;
        let wants = state.holders.values_mut().filter_map(|holder| holder.wants.take());
        let woken = wants.map(|(_, wake)| wake).collect();
        drop(state);
        wake_all(woken);
    }

    fn give(&self, conn: ConnId, place: Place) {
        let mut state = self.lock();
        let State { limits, pool, holders, .. } = &mut *state;
        let mut woken = Vec::new();
        if let Some(holder) = holders.get_mut(&conn) {
            holder.give(place, pool);
            if let Some((bytes, wake)) = holder.wants.take() {
                // Room of the reserve needs no turn.
                holder.granted = holder.find_own(bytes, *limits);
                if holder.granted.is_some() {
                    pool.leave(conn);
                    holder.queued = false;
                    woken.push(wake);
                } else {
                    holder.wants = Some((bytes, wake));
                    holder.queue(conn, *limits, pool);
                }
            }
        }
        state.forget(conn);
        woken.extend(state.grant());
        drop(state);
        wake_all(woken);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // The state is whole between any two statements: a panic elsewhere does not spoil it.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Wakes connections. Call it without the lock: a mailbox runs code of the runtime.
fn wake_all(woken: Vec<Wake>) {
    for wake in woken {
        wake.deliver(());
    }
}

impl State {
    /// Gives room to the connections that wait, in their turn, and returns the calls that wake them.
    fn grant(&mut self) -> Vec<Wake> {
        let mut woken = Vec::new();
        while let Some(Waiting { conn, bytes, wake, .. }) = self.pool.grant() {
            let Some(holder) = self.holders.get_mut(&conn) else {
                self.pool.give(bytes);
                continue;
            };
            holder.pooled += bytes;
            holder.granted = Some(Place::Pool(bytes));
            (holder.wants, holder.queued) = (None, false);
            woken.push(wake);
        }
        woken
    }

    fn forget(&mut self, conn: ConnId) {
        if self.holders.get(&conn).is_some_and(Holder::is_empty) {
            self.holders.remove(&conn);
        }
    }
}

impl Holder {
    fn find(&mut self, bytes: usize, limits: Limits, pool: &mut Pool) -> Option<Place> {
        if let Some(own) = self.find_own(bytes, limits) {
            return Some(own);
        }
        if !self.has_share(bytes, limits) || !pool.take(bytes) {
            return None;
        }
        self.pooled += bytes;
        Some(Place::Pool(bytes))
    }

    fn find_own(&mut self, bytes: usize, limits: Limits) -> Option<Place> {
        if bytes > limits.own.saturating_sub(self.own) {
            return None;
        }
        self.own += bytes;
        Some(Place::Own(bytes))
    }

    /// Returns true if its share of the pool has this many bytes left.
    fn has_share(&self, bytes: usize, limits: Limits) -> bool {
        self.pooled == 0 || bytes <= limits.share.saturating_sub(self.pooled)
    }

    /// Joins the queue of the pool, once its share allows the room that it waits for.
    fn queue(&mut self, conn: ConnId, limits: Limits, pool: &mut Pool) {
        if let Some((bytes, wake)) = &self.wants
            && !self.queued
            && self.has_share(*bytes, limits)
        {
            self.queued = true;
            pool.wait(Waiting { conn, bytes: *bytes, held: 0, wake: wake.clone() });
        }
    }

    fn give(&mut self, place: Place, pool: &mut Pool) {
        match place {
            Place::Own(bytes) => self.own -= bytes,
            Place::Pool(bytes) => {
                self.pooled -= bytes;
                pool.give(bytes);
            }
        }
    }

    fn is_empty(&self) -> bool {
        self.own == 0 && self.pooled == 0 && self.wants.is_none() && self.granted.is_none()
    }
}

impl Place {
    fn bytes(self) -> usize {
        match self {
            Self::Own(bytes) | Self::Pool(bytes) => bytes,
        }
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        if self.forced > 0 {
            self.rooms.give(self.conn, Place::Pool(self.forced));
        }
        self.rooms.give(self.conn, self.place);
    }
}
