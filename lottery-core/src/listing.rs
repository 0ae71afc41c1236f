//! A list of winners on its way to a peer. The committer has it; it comes piece by piece, as the peer reads.

use lottery_proto::ConnId;

use crate::commit_queue::{Command, Won};

/// How far such a list is.
#[derive(Debug)]
pub(crate) struct Listing {
    won: Won,
    /// The piece that comes next.
    next: u64,
    /// It was asked for.
    asked: bool,
}

impl Listing {
    /// A list of which nothing is here; `None` if there is nothing in it.
    pub(crate) fn of(won: Won) -> Option<Self> {
        (won.list.pieces > 0).then_some(Self { won, next: 0, asked: false })
    }

    /// Whether the next piece is to be asked for.
    pub(crate) fn is_due(&self) -> bool {
        !self.asked
    }

    /// Command for the next piece.
    pub(crate) fn ask(&mut self, conn: ConnId) -> Command {
        self.asked = true;
        Command::Piece { conn, agency: self.won.agency, number: self.next }
    }

    /// The piece that was asked for is here; `None` if it was the last.
    pub(crate) fn came(self) -> Option<Self> {
        let next = self.next + 1;
        (next < self.won.list.pieces).then_some(Self { next, asked: false, ..self })
    }
}
