//! Log lines of a unit test. The testkit's helper takes another copy of this crate, and is not there inside a package.

use std::io::{self, Read as _};
use std::sync::Arc;
use std::time::SystemTime;

use crate::log::{Level, subscriber};

/// Length of the time at the front of a line.
const TIME: usize = "2024-08-21 22:11:15 ".len();

/// Returns the lines logged at a level, without the time. They have to fit into a pipe.
pub(crate) fn logged(level: Level, events: impl FnOnce()) -> Vec<String> {
    let (mut reader, writer) = io::pipe().expect("a pipe");
    // The subscriber is dropped with the writer, which ends the pipe.
    tracing::subscriber::with_default(subscriber(level, SystemTime::now, Arc::new(writer)), events);
    let mut lines = String::new();
    reader.read_to_string(&mut lines).expect("UTF-8");
    lines.lines().map(|line| line[TIME..].to_owned()).collect()
}
