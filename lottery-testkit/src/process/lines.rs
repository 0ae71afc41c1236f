//! Lines that a process writes.

use std::io::{BufRead as _, BufReader, Read};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;

use super::SOON;

/// Reads a pipe to its end in a thread of its own. Calls `each` with each line, without its `\n`, and with
/// `None` after the last.
///
/// # Errors
/// If no thread could be started.
pub fn follow(
    pipe: impl Read + Send + 'static,
    mut each: impl FnMut(Option<&[u8]>) + Send + 'static,
) -> std::io::Result<()> {
    let read = move || {
        let (mut pipe, mut line) = (BufReader::new(pipe), Vec::new());
        while pipe.read_until(b'\n', &mut line).is_ok_and(|bytes| bytes > 0) {
            each(Some(line.strip_suffix(b"\n").unwrap_or(&line)));
            line.clear();
        }
        each(None);
    };
    thread::Builder::new().spawn(read).map(drop)
}

/// Lines that a process has written so far.
#[derive(Debug, Default)]
pub(super) struct Lines {
    state: Mutex<(Vec<String>, bool)>,
    changed: Condvar,
}

impl Lines {
    /// Keeps the lines of a pipe.
    pub(super) fn keep(pipe: impl Read + Send + 'static) -> Arc<Self> {
        let lines = Arc::new(Self::default());
        let writer = Arc::clone(&lines);
        let keep = move |line: Option<&[u8]>| {
            let mut state = writer.state.lock().expect("no panic");
            match line {
                Some(line) => state.0.push(String::from_utf8_lossy(line).into_owned()),
                None => state.1 = true,
            }
            drop(state);
            writer.changed.notify_all();
        };
        follow(pipe, keep).expect("a thread");
        lines
    }

    /// Waits until `found` returns true, or no more lines will come, and returns all lines.
    pub(super) fn wait(&self, found: impl Fn(&[String]) -> bool) -> Vec<String> {
        let state = self.state.lock().expect("no panic");
        let waits = |state: &mut (Vec<String>, bool)| !state.1 && !found(&state.0);
        self.changed.wait_timeout_while(state, 2 * SOON, waits).expect("no panic").0.0.clone()
    }
}
