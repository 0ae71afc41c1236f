//! Health checks: lines sent and expected back.

use std::time::Duration;

use lottery_core::client::{ClientError, EchoClient, EchoJob};
use lottery_proto::{Dialect, Endpoint as _, Input, Instant};
use lottery_runtime::{Dialer, Step};

use crate::support::agencies::connection;
use crate::support::calls::{Calls, TIMEOUTS};
use crate::support::{received, sent};

fn echoes(amount: u32) -> EchoClient {
    let (connection, period) = (connection(Dialect::BLOCK), Duration::from_secs(5));
    let (server, (connect_timeout, retry_for)) = ("server:1".to_owned(), TIMEOUTS);
    EchoClient::new(EchoJob { connection, server, connect_timeout, retry_for, amount, period })
}

#[test]
fn lines_are_sent_with_a_pause_between_them() {
    for prefix in ["", "Your Message has been received: "] {
        let mut calls = Calls::new(5, prefix);
        calls.client(1, echoes(4));
        calls.run(100);
        let call = &calls.calls[0];
        assert_eq!(call.began(), [1000, 6000, 11_000, 16_000]);
        for (nth, sent) in (1..).zip(&call.connections) {
            let bytes: Vec<u8> = sent.iter().flat_map(|(_, bytes)| bytes.clone()).collect();
            assert_eq!(String::from_utf8(bytes).unwrap(), format!("[CLIENT 1] Message N°{nth}\n"));
        }
        calls.clients().remove(0).into_outcome().unwrap();
    }
}

#[test]
fn a_health_check_of_no_lines_does_not_connect() {
    let mut none = echoes(0);
    assert_eq!(none.next_step(Instant::default()), Step::Done);
    none.into_outcome().unwrap();
}

#[test]
fn another_line_than_the_one_sent_is_an_error() {
    let now = Instant::default();
    for wrong in
        [&b"[CLIENT 1] Message N\xC2\xB02\n"[..], b"\n", b"hello\n", b"[CLIENT 1] Message N\xC2\xB01 sent\n"]
    {
        let mut echoes = echoes(3);
        assert_eq!(sent(&mut echoes, now), "[CLIENT 1] Message N°1\n".as_bytes());
        received(&mut echoes, now, wrong);
        assert!(echoes.poll_io().unwrap().fin, "it ends");
        assert_eq!(echoes.next_step(now), Step::Done);
        let outcome = echoes.into_outcome();
        let Err(ClientError::WrongEcho { expected, received }) = outcome else { panic!("{outcome:?}") };
        assert_eq!(expected, "[CLIENT 1] Message N°1");
        assert_eq!(received.as_bytes(), wrong.trim_ascii_end());
    }
}

/// Another server may send anything: a bet for one.
#[test]
fn an_echo_that_may_be_a_bet_is_shown_as_its_length() {
    let now = Instant::default();
    let mut echoes = echoes(3);
    sent(&mut echoes, now);
    received(&mut echoes, now, b"Ana;Paz;20000001;1980-01-31;7574\n");
    let error = echoes.into_outcome().unwrap_err().to_string();
    assert_eq!(error, "sent \"[CLIENT 1] Message N°1\", received \"(32 bytes)\"");
}

#[test]
fn a_connection_closed_without_an_echo_is_an_error() {
    let now = Instant::default();
    let mut echoes = echoes(3);
    sent(&mut echoes, now);
    echoes.handle(now, Input::Eof);
    echoes.handle(now, Input::FinSent);
    let outcome = echoes.into_outcome();
    assert!(matches!(outcome, Err(ClientError::Closed { .. })), "{outcome:?}");
}
