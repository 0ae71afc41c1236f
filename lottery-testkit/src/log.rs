//! Log lines in memory, as a program writes them.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

pub use lottery_cli::log::Level;
use lottery_cli::log::subscriber;

/// Lines so far. Clones are the same lines.
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
    /// Starts to log what all tests of this program do, once, and returns the lines.
    ///
    /// # Panics
    ///
    /// Something else logs already.
    pub fn shared() -> Self {
        static LINES: OnceLock<Lines> = OnceLock::new();
        let start = || {
            let lines = Self::default();
            let writer = lines.clone();
            let subscriber = subscriber(Level::Info, || UNIX_EPOCH, move || writer.clone());
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

/// Returns the lines logged at a level, without the time.
///
/// # Panics
///
/// A line has no end, or the wrong time.
pub fn logged(level: Level, events: impl FnOnce()) -> Vec<String> {
    fn now() -> SystemTime {
        UNIX_EPOCH + Duration::from_millis(1_724_278_275_999)
    }
    let memory = Lines::default();
    let writer = memory.clone();
    tracing::subscriber::with_default(subscriber(level, now, move || writer.clone()), events);
    let bytes = memory.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let text = String::from_utf8(bytes).expect("lines are UTF-8");
    assert!(text.is_empty() || text.ends_with('\n'), "{text:?}");
    let without_time = |line: &str| line.strip_prefix("2024-08-21 22:11:15 ").map(str::to_owned);
    text.lines().map(|line| without_time(line).expect("the time")).collect()
}
