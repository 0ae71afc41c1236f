//! Messages between connections and the committer: requests one way, notices the other.

mod command;
mod notice;
mod outcome;
mod submission;

pub use self::command::{Command, Request};
pub use self::notice::{Notice, Won};
pub use self::outcome::{HelloOutcome, Outcome};
pub use self::submission::{Subject, Submission};
