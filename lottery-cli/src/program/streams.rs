//! Standard output and standard error of a program, which does not wait for a reader of either.

use std::io::{self, Write as _};
use std::process::ExitCode;
use std::thread;
use std::time::{Duration, SystemTime};

use super::signals::end_at_signal;
use super::{fail, panics};
use crate::config::{ConfigError, LogTime};
use crate::log::{self, Clock, Format, Level, Patience, Queue, StandardOutput, Zone, writable};

/// Time that an error waits for a reader of standard error.
const ERROR_PATIENCE: Duration = Duration::from_millis(250);
/// Time that the last lines of a program that was told to stop wait for a reader, in all.
const STOPPED: Patience = Patience::Whole(Duration::from_millis(500));
/// Time that other output on standard output waits for the lines before it, while nobody reads them.
const SETTLING: Patience = Patience::Idle(Duration::from_secs(1));
/// Time that the last lines of a program that ends by itself wait for a reader, from one line to the next.
const DONE: Patience = Patience::Idle(Duration::from_secs(10));

/// Maximum length of a line on standard error, in bytes. A pipe that can be written to has room for that
/// many.
const MAX_LINE: usize = 4096;

/// Writes a line to standard error, if that is possible within a moment: it may be closed, or not read.
pub(super) fn write(line: &str) {
    if writable(io::stderr(), ERROR_PATIENCE) {
        let _ = io::stderr().write_all(cut(line).as_bytes());
    }
}

/// Returns the line with its end, cut after a whole character if it is too long.
fn cut(line: &str) -> String {
    if line.len() < MAX_LINE {
        return format!("{line}\n");
    }
    let end = "…\n";
    let cut = (0..=MAX_LINE - end.len()).rev().find(|end| line.is_char_boundary(*end)).unwrap_or_default();
    [&line[..cut], end].concat()
}

/// The log of a program, until it ends.
#[derive(Debug)]
pub(super) struct Logging {
    queue: Queue,
}

impl Logging {
    /// Starts to log.
    ///
    /// # Errors
    ///
    /// The exit code of a program that cannot.
    pub(super) fn start(
        level: Level,
        format: Format,
        now: fn() -> SystemTime,
        time: LogTime,
    ) -> Result<Self, ExitCode> {
        let zone = match time {
            LogTime::Utc => Zone::Utc,
            LogTime::Local => {
                Zone::local().map_err(|error| fail(ConfigError::EXIT_CODE, &format!("log-time: {error}")))?
            }
        };
        let queue =
            StandardOutput::new().and_then(|output| log::init(level, format, Clock { now, zone }, output));
        let queue = queue.map_err(|error| fail(1, &format!("cannot start to log: {error}")))?;
        panics::log();
        Ok(Self { queue })
    }

    /// Waits until the lines so far are written, as long as somebody reads them: what follows them on
    /// standard output is no log line.
    pub(super) fn settle(&self) {
        self.wait(SETTLING);
    }

    /// Waits for the last lines of a program that was told to stop: not for long, if nobody reads them.
    pub(super) fn stopped(&self) {
        self.wait(STOPPED);
    }

    /// Waits for the last lines of a program that ends by itself with `code`, as long as somebody reads
    /// them.
    pub(super) fn done(&self, code: u8) {
        end_at_signal(code.into());
        self.wait(DONE);
    }

    fn wait(&self, patience: Patience) {
        self.queue.finish(patience, || writable(io::stdout(), Duration::ZERO));
    }
}

/// A program that panics ends, and what it logged of that is the most important of all.
impl Drop for Logging {
    fn drop(&mut self) {
        if thread::panicking() {
            self.wait(STOPPED);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::{Sender, channel};

    /// Sink that sends what it is given.
    struct Sent(Sender<Vec<u8>>);

    impl log::Sink for Sent {
        fn write(&mut self, lines: &[u8]) -> io::Result<usize> {
            let _ = self.0.send(lines.to_vec());
            Ok(lines.len())
        }
    }

    #[test]
    fn a_program_that_panics_ends_behind_its_last_lines() {
        let (sender, written) = channel();
        let queue =
            Queue::with_pause(Duration::from_secs(3600), 1000, |_| String::new(), Sent(sender)).unwrap();
        let logging = Logging { queue: queue.clone() };
        queue.push(b"first\n");
        assert_eq!(written.recv().unwrap(), b"first\n");
        let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            let _logging = logging;
            queue.push(b"panic\n");
            panic!("this is meant to be");
        }));
        assert!(panicked.is_err());
        assert_eq!(written.try_recv().unwrap(), b"panic\n");
    }

    #[test]
    fn a_line_that_does_not_fit_into_a_pipe_is_cut_after_a_whole_character() {
        assert_eq!(cut("error: no"), "error: no\n");
        assert_eq!(cut(&"a".repeat(4095)), format!("{}\n", "a".repeat(4095)));
        assert_eq!(cut(&"a".repeat(4096)), format!("{}…\n", "a".repeat(4092)));
        assert_eq!(cut(&format!("a{}", "ñ".repeat(4000))), format!("a{}…\n", "ñ".repeat(2045)));
    }
}
