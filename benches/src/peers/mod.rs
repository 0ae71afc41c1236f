//! The same bets in the formats that people would use instead, each read as that format reads best: validated, and
//! borrowed as far as it can.

pub mod bincode;
pub mod csv;
pub mod json;
pub mod postcard;
pub mod prost;
pub mod rkyv;

/// Messages, one for each batch.
pub type Messages = Vec<Vec<u8>>;
