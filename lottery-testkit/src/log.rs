//! Log lines in memory, as a program writes them.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

pub use lottery_cli::log::Level;
use lottery_cli::log::subscriber;

#[derive(Clone, Default)]
struct Memory(Arc<Mutex<Vec<u8>>>);

impl Write for Memory {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("nobody panics with it").write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
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
    let memory = Memory::default();
    let writer = memory.clone();
    tracing::subscriber::with_default(subscriber(level, now, move || writer.clone()), events);
    let bytes = memory.0.lock().expect("nobody panics with it").clone();
    let text = String::from_utf8(bytes).expect("lines are UTF-8");
    assert!(text.is_empty() || text.ends_with('\n'), "{text:?}");
    let without_time = |line: &str| line.strip_prefix("2024-08-21 22:11:15 ").map(str::to_owned);
    text.lines().map(|line| without_time(line).expect("the time")).collect()
}
