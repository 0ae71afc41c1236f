//! Common parts of all drivers: fair turns, transfers, timers, and the inputs that come before a timeout.
//!
//! None of it waits, or knows an executor: a driver of blocking threads and one of futures call the same.

mod alarm;
mod overdue;
mod transfer;
mod turn;

pub use alarm::Alarm;
pub use overdue::Overdue;
pub use transfer::{PIECE, dead, failed, fin_input, piece, read_input, write_input};
pub use turn::Turn;
