//! Tests of lines as a subscriber writes them, into memory. The name of this program begins as those whose
//! events are logged.

use std::io::{self, Write};
use std::time::SystemTime;

use lottery_cli::config::{Parsed, client, server};
use lottery_cli::log::{Level, UnknownLevel, subscriber};
use lottery_proto::Dialect;
use lottery_testkit::log::logged;

#[test]
fn a_line_has_the_fields_of_its_event() {
    // The lines also have a time and an end, which `logged` checks and takes off.
    let lines = logged(Level::Info, || {
        let ip = std::net::Ipv4Addr::new(172, 25, 125, 3);
        tracing::info!(action = "accept_connections", result = "success", ip = %ip);
    });
    assert_eq!(lines, ["INFO     action: accept_connections | result: success | ip: 172.25.125.3"]);
}

#[test]
fn a_level_and_all_above_it_are_logged() {
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
fn values_of_every_type_are_written() {
    let lines = logged(Level::Info, || {
        let error: &dyn std::error::Error = &UnknownLevel;
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
fn only_events_of_our_own_crates_are_logged() {
    let lines = logged(Level::Debug, || {
        tracing::info!(target: "mio::poll", a = 1);
        tracing::info!(target: "lottery_server_tokio", a = 2);
        tracing::info!(target: "runtime_std::drive", a = 3);
        tracing::error!(target: "redb", a = 4);
    });
    assert_eq!(lines, ["INFO     a: 2", "INFO     a: 3"]);
}

#[test]
fn the_settings_are_logged_as_they_were_written() {
    let lines = logged(Level::Debug, || {
        let flags = ["s", "--config=/dev/null", "--listen-backlog=5", "--log-level=DEBUG"];
        let Ok(Parsed::Run(settings)) = server(flags.map(Into::into), &|_| None, Dialect::ALL) else {
            panic!()
        };
        settings.log();
        let flags = ["c", "--config=/dev/null", "--agency=1", "--server=server:12345", "--log-level=DEBUG"];
        let Ok(Parsed::Run(settings)) = client(flags.map(Into::into), &|_| None, Dialect::ALL) else {
            panic!()
        };
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
fn a_writer_that_fails_does_not_fail_the_thread_that_logs() {
    struct Full;

    impl Write for Full {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::StorageFull.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Err(io::ErrorKind::StorageFull.into())
        }
    }

    tracing::subscriber::with_default(subscriber(Level::Info, SystemTime::now, || Full), || {
        for _ in 0..100 {
            tracing::info!(action = "exit");
        }
    });
}
