//! Log lines of all tests of a program.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::SystemTime;

use lottery_cli::log::{Level, subscriber};

/// Lines so far.
#[derive(Clone, Debug, Default)]
pub struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Lines {
    /// Starts to log, once, and returns the lines.
    pub fn shared() -> Self {
        static LINES: OnceLock<Lines> = OnceLock::new();
        let start = || {
            let lines = Self::default();
            let writer = lines.clone();
            let subscriber = subscriber(Level::Info, || SystemTime::UNIX_EPOCH, move || writer.clone());
            tracing::subscriber::set_global_default(subscriber).expect("it is the only one");
            lines
        };
        LINES.get_or_init(start).clone()
    }

    /// Returns the number of times that the lines hold `part`.
    pub fn count(&self, part: &str) -> usize {
        let lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&lines).matches(part).count()
    }

    /// Returns true if the lines hold `part`.
    pub fn holds(&self, part: &str) -> bool {
        self.count(part) > 0
    }
}
