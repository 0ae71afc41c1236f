//! The winners of the draw as they are stored: for each agency pieces of text, numbered from 0.
//!
//! There may be any number of them. They are stored piece by piece while they are found, before the draw is, and count
//! only with it; and they are read piece by piece. Nobody ever has them all.

use std::fmt;

use lottery_proto::ListSize;

/// How long a piece is at most, in bytes. A connection has one at a time. (It fits into a page of redb's of 8 KiB.)
pub const PIECE_SIZE: usize = 8000;

/// How many winners an agency has, and in how many pieces they are stored.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct WinnersList {
    /// Their documents.
    pub size: ListSize,
    /// How many pieces there are.
    pub pieces: u64,
}

/// Some winners of an agency, in the order in which its bets were stored.
#[derive(Clone, PartialEq, Eq)]
pub struct WinnersPiece {
    /// The agency.
    pub agency: u32,
    /// Which piece it is, from 0.
    pub number: u64,
    /// The documents, each with a line feed behind it.
    pub documents: String,
}

/// Some of the winners of a draw that is being held.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Winners {
    /// The draw begins with them: what an earlier attempt has left is forgotten.
    pub begins: bool,
    /// The pieces; those of an agency in their order.
    pub pieces: Vec<WinnersPiece>,
}

impl WinnersPiece {
    /// The documents, one by one.
    pub fn iter(&self) -> impl Iterator<Item = &str> + Clone {
        self.documents.split_terminator('\n')
    }
}

/// Without the documents: they are personal data.
impl fmt::Debug for WinnersPiece {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { agency, number, documents } = self;
        let bytes = documents.len();
        write!(f, "WinnersPiece {{ agency: {agency}, number: {number}, documents: {bytes} bytes }}")
    }
}
