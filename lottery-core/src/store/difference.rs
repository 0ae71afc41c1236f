//! How a file of bets and a store differ.

/// The file holds something that the store lacks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Difference {
    /// Whole rows in the file.
    pub rows: u64,
    /// Length of the file in bytes.
    pub size: u64,
    /// Rows of the store.
    pub stored: u64,
    /// Length of these rows in bytes.
    pub stored_size: u64,
    /// Rows at the beginning of both that are the same.
    pub same: u64,
}
