//! Round trips: values to bytes to values, and bytes to values to the same bytes.

use lottery_proto::server::Event;
use lottery_proto::{Bet, Code, Dialect, Failure, SendError, client};
use lottery_testkit::invariants::{give_some, is_stable};
use lottery_testkit::{ACCEPT, Answer, PendingRequest, at, client_of, give, server, take, text};

use crate::feed::{Feed, padded};

/// Dialects to check; sessions carry the packets of `block`.
pub(crate) const DIALECTS: [Dialect; 8] = [
    Dialect::BLOCK,
    Dialect::FIXED,
    Dialect::FRAMED,
    Dialect::BRACES,
    Dialect::SHORT,
    Dialect::COLUMNS,
    Dialect::LINE,
    Dialect::BARE,
];

/// Runs a round trip. `data` is a byte that chooses the dialect and the reply, then lines of bets with tabs
/// between their fields, or a zero byte and an encoded batch.
pub fn run(data: &[u8]) {
    let mut feed = Feed(data);
    let Some(first) = feed.byte() else { return };
    let dialect = DIALECTS[usize::from(first) % DIALECTS.len()];
    if let Some((0, message)) = feed.0.split_first() {
        bytes(dialect, message);
    } else if let Ok(text) = std::str::from_utf8(feed.0) {
        let bets: Vec<Bet<'_>> = text.lines().filter_map(bet).filter(|bet| can_send(dialect, bet)).collect();
        is_stable(dialect, 1, &bets);
        if let Some(bet) = bets.first() {
            alone(dialect, bet, first >= 128);
        }
    }
}

fn bet(line: &str) -> Option<Bet<'_>> {
    let mut fields = line.split('\t');
    let mut next = || fields.next().unwrap_or_default();
    Bet::new([next(), next(), next(), next(), next()]).ok()
}

fn can_send(dialect: Dialect, bet: &Bet<'_>) -> bool {
    !matches!(client_of(dialect, 1).send_batch(at(0), &[*bet]), Err(SendError::Unsendable { .. }))
}

/// Sends one bet, and checks its reply.
fn alone(dialect: Dialect, bet: &Bet<'_>, yes: bool) {
    let (mut client, mut server) = (client_of(dialect, 1), server());
    client.send_bet(at(0), bet).expect("it can be sent");
    give(&mut server, at(0), &take(&mut client, at(0)));
    let event = server.poll_event().expect("a request");
    let (Event::Bet { bets, .. } | Event::Batch { bets, .. }) = &event else { panic!("{event:?}") };
    assert!(bets.iter().eq([*bet]));
    let answer = if yes { ACCEPT } else { Answer::Reject(Failure { code: Code::Storage, text: "no" }) };
    PendingRequest::of(event).expect("a request").answer(&mut server, at(0), answer).expect("it fits");
    let answer = take(&mut server, at(0));
    // In these a bet that is not stored has no reply.
    if !yes && [Dialect::SHORT, Dialect::COLUMNS].contains(&dialect) {
        assert!(answer.is_empty(), "{}", answer.escape_ascii());
    } else if dialect.profile().answers_bets {
        give(&mut client, at(0), &answer);
        match client.poll_event() {
            Some(client::Event::Bet(outcome) | client::Event::Batch(outcome)) => {
                assert_eq!(outcome.is_ok(), yes, "{}", answer.escape_ascii());
            }
            other => panic!("{other:?}"),
        }
    }
}

/// Checks that an accepted batch can be encoded again, to the same bytes in the dialects that have one way to
/// encode it.
fn bytes(dialect: Dialect, message: &[u8]) {
    let message = if dialect == Dialect::BLOCK { padded(message) } else { message.to_vec() };
    let (mut server, mut rest) = (server(), &message[..]);
    while give_some(&mut server, &mut rest) {}
    if server.dialect() != Some(dialect) {
        return;
    }
    let alone = dialect.profile().one_message;
    let (agency, bets) = match server.poll_event() {
        Some(Event::Batch { agency, bets, .. }) => (agency, bets),
        Some(Event::Bet { agency, bets, .. }) if alone => (agency, bets),
        _ => return,
    };
    let agency = agency.get();
    let bets: Vec<Bet<'_>> = bets.iter().collect();
    if bets.is_empty() {
        return;
    }
    let written = is_stable(dialect, agency, &bets);
    let same = match dialect.name() {
        "block" => {
            let size = usize::from(u16::from_le_bytes([message[2], message[3]]));
            // Numbers with leading zeros are encoded without them.
            let plain = 5 + bets.iter().map(|bet| 4 + text(bet).len()).sum::<usize>();
            size != plain || written[..size] == message[..size]
        }
        "fixed" if bets.len() <= 99 => message.starts_with(&written),
        "columns" => message.starts_with(&written),
        _ => true,
    };
    assert!(same, "{} is not {}", written.escape_ascii(), message.escape_ascii());
}
