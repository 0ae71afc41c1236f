//! Same bets in alternative formats. Each format is read in the way that suits it best: validated, and
//! borrowed as far as possible.

pub mod bincode;
pub mod csv;
pub mod json;
pub mod postcard;
pub mod prost;
pub mod rkyv;

/// Messages, one for each batch.
pub type Messages = Vec<Vec<u8>>;
