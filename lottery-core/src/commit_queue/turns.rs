//! Order in which requests are taken from the commit queue.
//!
//! Each connection has its own queue. A group takes one request of at most [`USUAL`] bytes from each
//! connection, and then the rest: first of the connection that has had the fewest bytes. A long batch delays
//! the group that it is in. A client that waits for each reply before it sends again, as agencies do on most
//! dialects, would wait for a long batch of another each time. So, while there are such clients, the rest is
//! limited to [`BESIDE`] bytes on average for each group, or for each moment in which the committer has
//! waited for them.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use lottery_proto::ConnId;

use crate::messages::Request;

/// Maximum size of a usual request, in bytes of memory: any batch of a block fits.
const USUAL: usize = 32 * 1024;

/// Average number of bytes of the rest in a group, while a client waits for each reply: they take about as
/// long as the other part of a commit.
const BESIDE: usize = 128 * 1024;

/// Number of requests in a row, each sent with no other awaiting a reply, after which a client counts as one
/// that waits.
const IN_A_ROW: u8 = 3;

/// Number of groups with at most one long batch, after the last request of a client that waits.
const LATELY: u8 = 8;

/// Queues of all connections.
#[derive(Debug, Default)]
pub(super) struct Turns {
    lines: BTreeMap<ConnId, Line>,
    /// Connections with requests, the one that has had the fewest bytes first.
    order: BTreeSet<(u64, ConnId)>,
    /// Number of bytes that the connection served last had had.
    had: u64,
    /// Number of requests so far.
    came: u64,
    /// Number of bytes of the rest that were taken beyond its limit.
    debt: usize,
    /// Number of clients waited for: those that wait for each reply and have been served since `since`
    /// changed.
    expected: usize,
    /// Generation of `expected`; it changes when no client is waited for any more.
    since: u64,
    /// Number of groups to come with at most one long batch.
    lately: u8,
}

#[derive(Debug, Default)]
struct Line {
    /// Requests, each with its number.
    requests: VecDeque<(u64, Request)>,
    /// Number of bytes taken; after a pause a connection counts as level with the others.
    had: u64,
    /// Value of `since` for which this client is waited for.
    expected: Option<u64>,
    /// Number of requests in a row that were sent with no other awaiting a reply.
    alone: u8,
    /// True once the connection is gone.
    left: bool,
}

impl Line {
    fn waits_for_answers(&self) -> bool {
        self.alone >= IN_A_ROW
    }
}

impl Turns {
    pub(super) fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    /// Adds a request at the end of its connection's queue.
    pub(super) fn push(&mut self, request: Request) {
        let conn = request.command.conn();
        let line = self.lines.entry(conn).or_default();
        if request.command.is_answered() {
            if line.expected.take() == Some(self.since) {
                self.expected -= 1;
            }
            line.alone = if request.alone { line.alone.saturating_add(1).min(IN_A_ROW) } else { 0 };
        }
        if line.requests.is_empty() {
            line.had = line.had.max(self.had);
            self.order.insert((line.had, conn));
        }
        self.came += 1;
        line.requests.push_back((self.came, request));
    }

    /// Removes a connection that is gone. Its requests are still taken.
    pub(super) fn leave(&mut self, conn: ConnId) {
        if let Some(line) = self.lines.get_mut(&conn) {
            line.left = true;
            if line.expected.take() == Some(self.since) {
                self.expected -= 1;
            }
            if line.requests.is_empty() {
                self.lines.remove(&conn);
            }
        }
    }

    /// Returns true if waiting a moment is better: only requests beyond the limit are there, and a client
    /// that they would delay is about to send again.
    pub(super) fn should_wait(&self) -> bool {
        self.expected > 0
            && self.debt >= BESIDE
            && !self.is_empty()
            && !self.order.iter().any(|(_, conn)| self.usual(*conn).is_some())
    }

    /// Notes that a moment has passed without a request of the clients waited for.
    pub(super) fn has_waited(&mut self) {
        self.debt = self.debt.saturating_sub(BESIDE);
        if self.debt < BESIDE {
            self.expect_nobody();
        }
    }

    /// Stops waiting for any client.
    pub(super) fn expect_nobody(&mut self) {
        self.expected = 0;
        self.since += 1;
    }

    /// Takes the next group, of about `limit` bytes.
    pub(super) fn take(&mut self, limit: usize) -> Vec<Request> {
        let mut taken = Vec::new();
        if self.is_empty() || limit == 0 {
            return taken;
        }
        let mut size = 0;
        let mut waiting = 0;
        let mut usual: Vec<(u64, ConnId)> =
            self.order.iter().filter_map(|(_, conn)| Some((self.usual(*conn)?, *conn))).collect();
        usual.sort_unstable();
        for (_, conn) in usual {
            if size >= limit {
                break;
            }
            if let Some(line) = self.lines.get_mut(&conn).filter(|line| line.waits_for_answers()) {
                line.expected = Some(self.since);
                waiting += 1;
            }
            size += self.take_first(conn, &mut taken);
        }
        self.lately = if waiting > 0 { LATELY } else { self.lately.saturating_sub(1) };
        self.expected += waiting;
        let owing = self.expected > 0;
        self.debt = if owing { self.debt.saturating_sub(BESIDE) } else { 0 };
        let limit = if self.lately > 0 { limit.min(size + BESIDE) } else { limit };
        while size < limit
            && self.debt < BESIDE
            && let Some((_, conn)) = self.order.first().copied()
        {
            let more = self.take_first(conn, &mut taken);
            size += more;
            if owing {
                self.debt += more;
            }
        }
        taken
    }

    /// Returns the number of the first request of a connection, if it is a usual one.
    fn usual(&self, conn: ConnId) -> Option<u64> {
        let (number, request) = self.lines.get(&conn)?.requests.front()?;
        (request.command.size() <= USUAL).then_some(*number)
    }

    /// Takes the first request of a connection, and returns its size in bytes.
    fn take_first(&mut self, conn: ConnId, taken: &mut Vec<Request>) -> usize {
        let Some(line) = self.lines.get_mut(&conn) else { return 0 };
        let Some((_, request)) = line.requests.pop_front() else { return 0 };
        let size = request.command.size();
        taken.push(request);
        self.order.remove(&(line.had, conn));
        self.had = self.had.max(line.had);
        line.had += size as u64;
        if !line.requests.is_empty() {
            self.order.insert((line.had, conn));
        } else if line.left {
            self.lines.remove(&conn);
        }
        size
    }
}
