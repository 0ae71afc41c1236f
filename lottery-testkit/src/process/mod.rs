//! Supervision of processes: those of the tests, of the measurements and of the project's tasks. None of them
//! outlives the process that started it.
//!
//! [`Process`] is a program under test: its lines are kept and waited for, and it has a longest life.
//! [`Running`] is the guard below it, and [`follow`] reads a pipe as it is written, for those who want
//! the lines at once.

mod address;
mod lines;
mod programs;
mod running;
mod supervised;
mod usage;

use std::time::Duration;

pub use address::free_address;
pub use lines::follow;
pub use programs::{client, command, server, server_at, server_program, target_dir, without_coverage};
pub use running::Running;
pub use rustix::process::Signal;
pub use supervised::{Process, given_up};
pub use usage::{cpu, cpu_with_children, entries, memory};

/// Time within which everything must have happened that does not wait for anything.
pub const SOON: Duration = Duration::from_secs(5);
