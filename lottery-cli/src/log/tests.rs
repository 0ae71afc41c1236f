//! Tests of lines as a subscriber writes them, into memory.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::{Level, subscriber};

#[derive(Clone, Default)]
struct Memory(Arc<Mutex<Vec<u8>>>);

impl Write for Memory {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn now() -> SystemTime {
    UNIX_EPOCH + Duration::from_millis(1_724_278_275_999)
}

/// Returns the lines that `events` logs at a level, without the time.
pub(crate) fn logged(level: Level, events: impl FnOnce()) -> Vec<String> {
    let memory = Memory::default();
    let writer = memory.clone();
    tracing::subscriber::with_default(subscriber(level, now, move || writer.clone()), events);
    let bytes = memory.0.lock().unwrap().clone();
    let text = String::from_utf8(bytes).unwrap();
    assert!(text.is_empty() || text.ends_with('\n'));
    text.lines().map(|line| line.strip_prefix("2024-08-21 22:11:15 ").unwrap().to_owned()).collect()
}

#[test]
fn a_line() {
    let memory = Memory::default();
    let writer = memory.clone();
    tracing::subscriber::with_default(subscriber(Level::Info, now, move || writer.clone()), || {
        let ip = std::net::Ipv4Addr::new(172, 25, 125, 3);
        tracing::info!(action = "accept_connections", result = "success", ip = %ip);
    });
    let line =
        "2024-08-21 22:11:15 INFO     action: accept_connections | result: success | ip: 172.25.125.3\n";
    assert_eq!(String::from_utf8(memory.0.lock().unwrap().clone()).unwrap(), line);
}

#[test]
fn levels() {
    let events = || {
        tracing::trace!(a = 0);
        tracing::debug!(a = 1);
        tracing::info!(a = 2);
        tracing::warn!(a = 3);
        tracing::error!(a = 4);
    };
    let lines = ["DEBUG    a: 1", "INFO     a: 2", "WARNING  a: 3", "ERROR    a: 4"];
    assert_eq!(logged(Level::Debug, events), lines);
    assert_eq!(logged(Level::Info, events), lines[1..]);
    assert_eq!(logged(Level::Warning, events), lines[2..]);
    assert_eq!(logged(Level::Error, events), lines[3..]);
    assert_eq!(logged(Level::Critical, events), lines[3..]);
}

#[test]
fn values_of_every_type() {
    let lines = logged(Level::Info, || {
        let error: &dyn std::error::Error = &super::UnknownLevel;
        tracing::info!(a = true, b = -1, c = 1.5, d = ?Some("x"), e = "y", r#type = u64::MAX, f = error);
        tracing::info!(action = "exit", "bye {}", 1);
        tracing::info!("bye");
        tracing::info!(a = tracing::field::Empty, b = "");
    });
    assert_eq!(
        lines,
        [
            "INFO     a: true | b: -1 | c: 1.5 | d: Some(\"x\") | e: y | type: 18446744073709551615 | \
             f: DEBUG, INFO, WARNING, ERROR or CRITICAL",
            "INFO     msg: bye 1 | action: exit",
            "INFO     msg: bye",
            "INFO     b: ",
        ]
    );
}

#[test]
fn values_cannot_break_a_line_or_forge_a_field() {
    let lines = logged(Level::Info, || {
        tracing::info!(action = "echo", msg = "a | result: fail\n\u{1b}[2J\\", last = %"|");
        tracing::info!(msg = "ñ".repeat(600), last = 1);
    });
    assert_eq!(lines[0], r"INFO     action: echo | msg: a \x7c result: fail\n\x1b[2J\\ | last: \x7c");
    assert_eq!(lines[1], format!("INFO     msg: {}… | last: 1", "ñ".repeat(512)));
}

#[test]
fn only_our_own_crates_are_heard() {
    let lines = logged(Level::Debug, || {
        tracing::info!(target: "mio::poll", a = 1);
        tracing::info!(target: "lottery_server_tokio", a = 2);
        tracing::info!(target: "runtime_std::drive", a = 3);
        tracing::error!(target: "redb", a = 4);
    });
    assert_eq!(lines, ["INFO     a: 2", "INFO     a: 3"]);
}

#[test]
fn the_line_config() {
    use crate::config::{Parsed, client, server};

    let lines = logged(Level::Debug, || {
        let flags = ["s", "--config=/dev/null", "--listen-backlog=5", "--log-level=DEBUG"];
        let Ok(Parsed::Run(settings)) = server(flags.map(Into::into), &|_| None) else { panic!() };
        settings.log();
        let flags = ["c", "--config=/dev/null", "--agency=1", "--server=server:12345", "--log-level=DEBUG"];
        let Ok(Parsed::Run(settings)) = client(flags.map(Into::into), &|_| None) else { panic!() };
        settings.log();
    });
    assert_eq!(
        lines,
        [
            "INFO     action: config | result: success | port: 12345 | listen_backlog: 5 | logging_level: DEBUG",
            "INFO     action: config | result: success | client_id: 1 | server_address: server:12345 | \
             loop_amount: 5 | loop_period: 5s | log_level: DEBUG",
        ]
    );
}

#[test]
fn a_writer_that_fails_is_no_concern_of_the_one_who_logs() {
    struct Full;

    impl Write for Full {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::StorageFull.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Err(io::ErrorKind::StorageFull.into())
        }
    }

    tracing::subscriber::with_default(subscriber(Level::Info, now, || Full), || {
        for _ in 0..100 {
            tracing::info!(action = "exit");
        }
    });
}
