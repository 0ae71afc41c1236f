//! Log lines of a unit test. The form in which programs write them is that of `lottery-cli`, which this crate does not
//! know.

use std::io::{self, Read as _};
use std::sync::Arc;

/// Returns the events logged, one a line: level and fields. They have to fit into a pipe.
pub(crate) fn logged(events: impl FnOnce()) -> String {
    let (mut reader, writer) = io::pipe().expect("a pipe");
    let subscriber =
        tracing_subscriber::fmt().without_time().with_target(false).with_writer(Arc::new(writer));
    // It is dropped with the writer, which ends the pipe.
    tracing::subscriber::with_default(subscriber.finish(), events);
    let mut lines = String::new();
    reader.read_to_string(&mut lines).expect("UTF-8");
    lines
}
