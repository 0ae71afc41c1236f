//! Common parts of all drivers: fair turns, and the inputs that come before a timeout.

mod overdue;
mod transfer;
mod turn;

pub use overdue::Overdue;
pub use transfer::{PIECE, piece, unless_blocked};
pub use turn::Turn;
