//! List of winners on its way to a peer: read from the committer piece by piece, as the peer takes them.

use lottery_proto::ConnId;

use crate::messages::{Command, Won};

/// Progress of such a list.
#[derive(Debug)]
pub(crate) struct Listing {
    won: Won,
    /// Number of the next piece.
    next: u64,
    /// True once the next piece was asked for.
    asked: bool,
}

impl Listing {
    /// Creates a list of which no piece has come; `None` if it is empty.
    pub(crate) fn of(won: Won) -> Option<Self> {
        (won.list.pieces > 0).then_some(Self { won, next: 0, asked: false })
    }

    /// Returns true if the next piece is to be asked for.
    pub(crate) fn is_due(&self) -> bool {
        !self.asked
    }

    /// Returns the command for the next piece.
    pub(crate) fn ask(&mut self, conn: ConnId) -> Command {
        self.asked = true;
        Command::Piece { conn, agency: self.won.agency, number: self.next }
    }

    /// Notes that the piece has come; `None` if it was the last.
    pub(crate) fn came(self) -> Option<Self> {
        let next = self.next + 1;
        (next < self.won.list.pieces).then_some(Self { next, asked: false, ..self })
    }
}
