//! Winners of the draw as they are stored: pieces of text for each agency, numbered from 0.
//!
//! Their number has no limit, so nothing holds them all: they are stored piece by piece while they are found,
//! and read piece by piece. Pieces are valid once the draw is stored.

use std::fmt;

use lottery_proto::ListSize;

/// Maximum size of a piece, in bytes. A connection holds one at a time.
pub const PIECE_SIZE: usize = 8000;

/// Size of an agency's list of winners, and the number of its pieces.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct WinnersList {
    /// Number and sizes of the documents.
    pub size: ListSize,
    /// Number of pieces.
    pub pieces: u64,
}

/// Piece of an agency's winners, in the order in which its bets were stored.
#[derive(Clone, PartialEq, Eq)]
pub struct WinnersPiece {
    /// Number of the agency.
    pub agency: u32,
    /// Number of the piece, from 0.
    pub number: u64,
    /// Documents, each followed by a line feed.
    pub documents: String,
}

/// Some of the winners of a draw that is being held.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Winners {
    /// True for the first of a draw: pieces of an earlier attempt are deleted.
    pub begins: bool,
    /// Pieces; those of an agency in their order.
    pub pieces: Vec<WinnersPiece>,
}

impl WinnersPiece {
    /// Returns the documents.
    pub fn iter(&self) -> impl Iterator<Item = &str> + Clone {
        self.documents.split_terminator('\n')
    }
}

/// Omits the documents: they are personal data.
impl fmt::Debug for WinnersPiece {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { agency, number, documents } = self;
        let bytes = documents.len();
        write!(f, "WinnersPiece {{ agency: {agency}, number: {number}, documents: {bytes} bytes }}")
    }
}
