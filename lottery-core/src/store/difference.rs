//! Difference between a file of bets and a store.

/// Sizes of a file that holds bets which the store lacks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Difference {
    /// Number of whole rows in the file.
    pub rows: u64,
    /// Length of the file, in bytes.
    pub size: u64,
    /// Number of rows in the store.
    pub stored: u64,
    /// Length of these rows, in bytes.
    pub stored_size: u64,
    /// Number of rows at the beginning that are the same in both.
    pub same: u64,
}
