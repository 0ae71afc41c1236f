//! Bytes between messages and behind malformed ones, and messages that are split at a limit.

use lottery_proto::server::Event;
use lottery_proto::{AgencyId, Client, ClientConfig, Dialect, ServerConfig, State, WinnersReply};
use lottery_testkit::{
    ANA, ClientEvent, JOSE, ServerEvent, accept_next, at, bet, client_events, client_of, framed, give,
    server, server_events, server_with, take,
};

#[test]
fn an_empty_message_behind_an_answer_is_passed_over() {
    let mut client = client_of(Dialect::Braces, 1);
    for filler in ["", ";", ";;", ";"] {
        client.send_batch(at(0), &[bet(ANA)]).unwrap();
        take(&mut client, at(0));
        give(&mut client, at(0), format!("ACK_CHUNK;{filler}").as_bytes());
        assert_eq!(client_events(&mut client), [ClientEvent::Batch(true)]);
    }
    client.ask_winners(at(0)).unwrap();
    give(&mut client, at(0), b"R{PlayerDocID:20000001};");
    assert_eq!(client_events(&mut client), [ClientEvent::Winners(vec!["20000001".to_owned()])]);
}

#[test]
fn an_empty_message_between_requests_is_passed_over() {
    let mut server = server();
    for filler in ["", ";", ";;"] {
        for part in ["Q{AgencyID:1};", filler] {
            give(&mut server, at(0), part.as_bytes());
            accept_next(&mut server, at(0), None);
        }
        assert_eq!(take(&mut server, at(0)), b"W;");
        assert_eq!(server.state(), State::Open);
    }
}

#[test]
fn what_follows_a_long_wrong_message_is_read_and_dropped() {
    let bet = format!("{:<30}{:<30}200000011980-01-017574", "Ana", "Paz");
    let wrong = bet.replace("1980-01-01", "1980-02-31");
    let mut server = server();
    give(&mut server, at(0), format!("A0000105001{}{wrong}", bet.repeat(5000)).as_bytes());
    assert!(matches!(server_events(&mut server)[..], [] | [ServerEvent::Refused(..)]));
    assert!(take(&mut server, at(0)).starts_with(b"E"));
    give(&mut server, at(0), &vec![b'x'; 200 << 10]);
    assert_eq!(server.state(), State::Draining);
}

#[test]
fn it_is_dropped_also_while_an_answer_is_owed() {
    let bet = format!("{:<30}{:<30}200000011980-01-017574", "Ana", "Paz");
    let wrong = bet.replace("1980-01-01", "1980-02-31");
    let mut server = server();
    give(&mut server, at(0), format!("A0000100001{bet}").as_bytes());
    let Some(Event::Batch { .. }) = server.poll_event() else { panic!() };
    give(&mut server, at(0), format!("A0000105001{}{wrong}", bet.repeat(5000)).as_bytes());
    assert_eq!(server.state(), State::Draining);
    give(&mut server, at(0), &vec![b'x'; 200 << 10]);
}

/// Returns a client whose batches have at most this number of bytes.
fn limited(dialect: Dialect, max_batch: usize) -> Client {
    let config = ClientConfig { max_batch, ..ClientConfig::new(AgencyId::new(1).unwrap(), dialect) };
    Client::new(config, at(0))
}

#[test]
fn a_batch_holds_one_bet_at_least_whatever_the_limit() {
    for dialect in [Dialect::Fixed, Dialect::Framed, Dialect::Braces] {
        let mut client = limited(dialect, 1);
        assert_eq!(client.send_batch(at(0), &[bet(ANA), bet(JOSE)]), Ok(1), "{dialect}");
        let sent = take(&mut client, at(0));
        assert!(String::from_utf8(sent).unwrap().contains("20000001"), "{dialect}");
    }
}

#[test]
fn a_batch_is_not_shorter_for_what_waits_to_be_sent_before_it() {
    for (dialect, answer) in [
        (Dialect::Braces, "ACK_CHUNK;"),
        (Dialect::Framed, "00000034success;Batch stored successfully."),
        (Dialect::Fixed, ""),
    ] {
        let mut client = limited(dialect, 400);
        let bets = [bet(ANA); 20];
        let first = client.send_batch(at(0), &bets).unwrap();
        assert!((2..20).contains(&first), "{dialect}: {first}");
        give(&mut client, at(0), answer.as_bytes());
        assert_eq!(client.send_batch(at(0), &bets), Ok(first), "{dialect}");
    }
}

#[test]
fn a_message_as_long_as_the_limit_is_taken_and_a_longer_one_is_not() {
    let bet = format!("{:<30}{:<30}200000011980-01-017574", "Ana", "Paz");
    let line = ANA.replace('|', ";") + "\n";
    let fixed = format!("A0000100100{}", bet.repeat(100));
    let framed = framed(format!("1;300\n{}", line.repeat(300)));
    for message in [fixed.into_bytes(), framed] {
        for (less, open) in [(0, true), (1, false)] {
            let config = ServerConfig { max_message: message.len() - less, ..ServerConfig::default() };
            let mut server = server_with(config);
            give(&mut server, at(0), &message[..message.len() - less]);
            assert_eq!(server.state() == State::Open, open, "{less}");
            let taken = matches!(server.poll_event(), Some(Event::Batch { .. }));
            assert_eq!(taken, open);
        }
    }
}

#[test]
fn a_batch_of_columns_is_filled_to_the_limit() {
    for (limit, taken) in [(11 + 2 * 82, 2), (11 + 2 * 82 - 1, 1)] {
        let mut client = limited(Dialect::Fixed, limit);
        assert_eq!(client.send_batch(at(0), &[bet(ANA); 5]), Ok(taken), "{limit}");
    }
}

#[test]
fn a_batch_of_lines_is_filled_to_the_limit() {
    let line = ANA.len() + 1;
    for (limit, taken) in [(2 * line, 2), (2 * line - 1, 1)] {
        let mut client = limited(Dialect::Framed, limit);
        assert_eq!(client.send_batch(at(0), &[bet(ANA); 5]), Ok(taken), "{limit}");
    }
}

#[test]
fn columns_carry_as_many_winners_as_five_digits_count() {
    for (winners, size) in [(99_999, 6 + 99_999 * 8), (100_000, 0)] {
        let documents = vec!["20000001".to_owned(); winners];
        let mut server = server();
        give(&mut server, at(0), b"C00001");
        let Some(Event::WinnersQuery { ticket, .. }) = server.poll_event() else { panic!() };
        let taken = server.reply(at(0), ticket, WinnersReply::Winners(&documents));
        assert_eq!(taken.is_ok(), size > 0);
        assert_eq!(take(&mut server, at(0)).len(), size);
    }
}
