//! Whose request is next.
//!
//! Each connection has a line of its own. A group has one usual request of each, and then what is left, of that
//! connection first which has had least, in bytes. But a long batch holds up the group that it is in, and whoever waits for
//! each answer before it asks again, as an honest agency does on most wires, would have to wait for a long batch of
//! somebody else each time. So, while there are such, what is left gets only so many bytes for each group, on average, or
//! for each moment that was waited for them to ask again.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use lottery_proto::ConnId;

use super::Request;

/// The longest request that is usual, in bytes of memory: any batch of a block is.
const USUAL: usize = 32 * 1024;

/// While somebody waits for each answer, so many bytes of a group are what is left, on average: about what takes as long
/// as the rest of a commit.
const BESIDE: usize = 128 * 1024;

/// So many requests in a row that were made with nothing else unanswered make a connection one that waits.
const IN_A_ROW: u8 = 3;

/// After the last request of one that waits, so many groups have no more than one long batch in them.
const LATELY: u8 = 8;

/// The lines.
#[derive(Debug, Default)]
pub(super) struct Turns {
    lines: BTreeMap<ConnId, Line>,
    /// Those lines that are not empty, the one that has had least first.
    order: BTreeSet<(u64, ConnId)>,
    /// How much the one has had that was served last.
    had: u64,
    /// How many requests have come.
    came: u64,
    /// What has been taken too much of what is left, in bytes.
    debt: usize,
    /// How many are waited for: those that wait for each answer, and were answered since this number changed.
    expected: usize,
    /// Changes when nobody is waited for any more.
    since: u64,
    /// In so many groups there may be one long batch at most.
    lately: u8,
}

#[derive(Debug, Default)]
struct Line {
    /// With the number of each.
    requests: VecDeque<(u64, Request)>,
    /// What it has had, in bytes; who comes after a pause has had as much as the others.
    had: u64,
    /// It is waited for, unless this number has changed.
    expected: Option<u64>,
    /// Requests in a row that were made with nothing else unanswered.
    alone: u8,
    /// The connection is gone.
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

    /// Puts a request at the end of its connection's line.
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

    /// The connection is gone. What it has asked is still taken.
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

    /// Whether it is better to wait a moment: nothing is there but what has had its share, and somebody is about to ask
    /// again who would have to wait for it.
    pub(super) fn should_wait(&self) -> bool {
        self.expected > 0
            && self.debt >= BESIDE
            && !self.is_empty()
            && !self.order.iter().any(|(_, conn)| self.usual(*conn).is_some())
    }

    /// A moment has passed, and nobody has come.
    pub(super) fn has_waited(&mut self) {
        self.debt = self.debt.saturating_sub(BESIDE);
        if self.debt < BESIDE {
            self.expect_nobody();
        }
    }

    /// Nobody is waited for.
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

    /// The number of the first request of a line, if it is a usual one.
    fn usual(&self, conn: ConnId) -> Option<u64> {
        let (number, request) = self.lines.get(&conn)?.requests.front()?;
        (request.command.size() <= USUAL).then_some(*number)
    }

    /// Takes the first request of a line. Returns its size.
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
