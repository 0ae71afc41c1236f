//! Examples of the document: clients send them and servers read them; servers reply them and clients read
//! them.

use std::collections::BTreeSet;

use lottery_proto::Dialect;
use lottery_proto::server::Event;
use lottery_proto::{
    AgencyId, Client, ClientConfig, Code, EchoReply, Failure, HelloReply, Receipt, Server, ServerConfig,
    WinnersReply, client,
};
use lottery_testkit::{
    ANA, BLOCK, ClientEvent, ERROR, HELLO, JOSE, ServerEvent, at, bet, client_events, give, server,
    server_events, server_with, take,
};

use super::document::{Listing, document, listings};

const LINE: &str = "[CLIENT 1] Message N°1";
const PREFIX: &str = "Your Message has been received: ";
const WON: [&str; 2] = ["20000001", "20000003"];
/// Number of bets stored before the examples of a session.
const BEFORE: u64 = 167;

/// Request of a client, in the words of the examples.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ask {
    Hello,
    Line,
    Bet,
    Batch,
    EmptyBatch,
    /// Batch of one bet with an impossible birth date.
    BadBatch,
    Finished,
    Winners,
}

/// Answer of the server's application.
#[derive(Clone, Copy, Debug)]
enum Say {
    Welcome,
    Line(&'static str),
    Stored,
    /// Stored, with `OK` in `fixed`.
    StoredOk,
    Rejected,
    Pending,
    Winners(&'static [&'static str]),
    /// Supersedes the session.
    Superseded,
    /// Leaves the reply to the machine.
    Nothing,
}

/// Examples of clients: dialect, name, and the request that makes the client send it.
const CLIENTS: &[(Dialect, &str, Ask)] = &[
    (Dialect::ECHO, "line", Ask::Line),
    (Dialect::BLOCK, "bet", Ask::Bet),
    (Dialect::BLOCK, "batch", Ask::Batch),
    (Dialect::BLOCK, "finished", Ask::Finished),
    (Dialect::BLOCK, "winners", Ask::Winners),
    (Dialect::SESSION, "hello", Ask::Hello),
    (Dialect::SESSION, "winners", Ask::Winners),
    (Dialect::FIXED, "batch", Ask::Batch),
    (Dialect::FIXED, "finished", Ask::Finished),
    (Dialect::FIXED, "winners", Ask::Winners),
    (Dialect::FRAMED, "batch", Ask::Batch),
    (Dialect::FRAMED, "empty-batch", Ask::EmptyBatch),
    (Dialect::FRAMED, "finished", Ask::Finished),
    (Dialect::BRACES, "batch", Ask::Batch),
    (Dialect::BRACES, "finished", Ask::Finished),
    (Dialect::BRACES, "winners", Ask::Winners),
    (Dialect::SHORT, "bet", Ask::Bet),
    (Dialect::COLUMNS, "bet", Ask::Bet),
    (Dialect::LINE, "bet", Ask::Bet),
    (Dialect::BARE, "bet", Ask::Bet),
    (Dialect::BARE, "batch", Ask::Batch),
];

/// Examples of servers: dialect, name, the request, and the application's answer.
const SERVERS: &[(Dialect, &str, Ask, Say)] = &[
    (Dialect::ECHO, "line", Ask::Line, Say::Line("")),
    (Dialect::ECHO, "prefixed", Ask::Line, Say::Line(PREFIX)),
    (Dialect::BLOCK, "bet-stored", Ask::Bet, Say::Stored),
    (Dialect::BLOCK, "bet-rejected", Ask::Bet, Say::Rejected),
    (Dialect::BLOCK, "finished-stored", Ask::Finished, Say::Stored),
    (Dialect::BLOCK, "finished-rejected", Ask::Finished, Say::Rejected),
    (Dialect::BLOCK, "pending", Ask::Winners, Say::Pending),
    (Dialect::BLOCK, "winners", Ask::Winners, Say::Winners(&WON)),
    (Dialect::BLOCK, "no-winners", Ask::Winners, Say::Winners(&[])),
    (Dialect::SESSION, "welcome", Ask::Hello, Say::Welcome),
    (Dialect::SESSION, "batch-stored", Ask::Batch, Say::Stored),
    (Dialect::SESSION, "batch-rejected", Ask::BadBatch, Say::Nothing),
    (Dialect::SESSION, "winners", Ask::Winners, Say::Winners(&WON)),
    (Dialect::SESSION, "error", Ask::Winners, Say::Superseded),
    (Dialect::FIXED, "finished-stored", Ask::Finished, Say::Stored),
    (Dialect::FIXED, "finished-ok", Ask::Finished, Say::StoredOk),
    (Dialect::FIXED, "pending", Ask::Winners, Say::Pending),
    (Dialect::FIXED, "winners", Ask::Winners, Say::Winners(&WON)),
    (Dialect::FIXED, "no-winners", Ask::Winners, Say::Winners(&[])),
    (Dialect::FIXED, "failure", Ask::BadBatch, Say::Nothing),
    (Dialect::FRAMED, "batch-stored", Ask::Batch, Say::Stored),
    (Dialect::FRAMED, "batch-rejected", Ask::BadBatch, Say::Nothing),
    (Dialect::FRAMED, "winners", Ask::Finished, Say::Winners(&WON)),
    (Dialect::FRAMED, "no-winners", Ask::Finished, Say::Winners(&[])),
    (Dialect::BRACES, "batch-stored", Ask::Batch, Say::Stored),
    (Dialect::BRACES, "batch-rejected", Ask::BadBatch, Say::Nothing),
    (Dialect::BRACES, "finished-stored", Ask::Finished, Say::Stored),
    (Dialect::BRACES, "pending", Ask::Winners, Say::Pending),
    (Dialect::BRACES, "winners", Ask::Winners, Say::Winners(&WON)),
    (Dialect::BRACES, "no-winners", Ask::Winners, Say::Winners(&[])),
    (Dialect::SHORT, "bet-stored", Ask::Bet, Say::Stored),
    (Dialect::COLUMNS, "bet-stored", Ask::Bet, Say::Stored),
    (Dialect::LINE, "bet-stored", Ask::Bet, Say::Stored),
    (Dialect::LINE, "bet-rejected", Ask::Bet, Say::Rejected),
    (Dialect::BARE, "bet-stored", Ask::Bet, Say::Stored),
    (Dialect::BARE, "batch-stored", Ask::Batch, Say::Stored),
    (Dialect::BARE, "batch-rejected", Ask::BadBatch, Say::Nothing),
];

/// Listings that other tests read.
const OTHERS: [&str; 3] = ["detection", "digest", "session server errors"];

/// Returns the bytes of an example, padded to a block where the dialect has blocks.
fn bytes(listing: &Listing) -> Vec<u8> {
    let mut bytes = listing.bytes();
    let is_padded = match listing.words[1].as_str() {
        "block" => true,
        "session" => [HELLO, ERROR].contains(&bytes[0]),
        _ => false,
    };
    if is_padded {
        bytes.resize(BLOCK, 0);
    }
    if listing.words[1] == "short" {
        bytes.resize(128, 0);
    }
    bytes
}

fn example(document: &str, dialect: Dialect, sender: &str, name: &str) -> Vec<u8> {
    bytes(&super::document::listing(document, &format!("{dialect} {sender} {name}")))
}

/// Returns a client and a server of that dialect, in a session if the dialect has sessions and the example
/// follows Welcome.
fn pair(dialect: Dialect, ask: Ask) -> (Client, Server) {
    let agency = AgencyId::new(1).unwrap();
    let config = ClientConfig::builder(agency, dialect).total(2).build().unwrap();
    let (mut client, mut server) = (Client::new(config, at(0)), server());
    if dialect == Dialect::SESSION && ask != Ask::Hello {
        give(&mut server, at(0), &take(&mut client, at(0)));
        welcome(&mut server, BEFORE);
        give(&mut client, at(0), &take(&mut server, at(0)));
        assert_eq!(client_events(&mut client), [ClientEvent::Welcome(BEFORE)]);
    }
    (client, server)
}

fn welcome(server: &mut Server, stored: u64) {
    let Some(Event::Hello { ticket, .. }) = server.poll_event() else { panic!("Hello was sent") };
    server.reply(at(0), ticket, HelloReply::Welcome { stored, finished: false, digest: 0 }).unwrap();
}

/// Returns the bytes that the client sends.
fn ask(client: &mut Client, what: Ask) -> Vec<u8> {
    let now = at(0);
    match what {
        // The client says Hello by itself.
        Ask::Hello => {}
        Ask::Line => client.send_line(now, LINE).unwrap(),
        Ask::Bet => client.send_bet(now, &bet(ANA)).unwrap(),
        Ask::Batch => assert_eq!(client.send_batch(now, &[bet(ANA), bet(JOSE)]), Ok(2)),
        Ask::EmptyBatch => assert_eq!(client.send_batch(now, &[]), Ok(0)),
        Ask::BadBatch => assert_eq!(client.send_batch(now, &[bet(ANA)]), Ok(1)),
        Ask::Finished => client.send_finished(now).unwrap(),
        Ask::Winners => client.ask_winners(now).unwrap(),
    }
    let mut sent = take(client, now);
    if what == Ask::BadBatch {
        let date = sent.windows(10).position(|text| text == b"1980-01-01").expect("a date");
        sent[date..date + 10].copy_from_slice(b"1980-02-31");
    }
    sent
}

/// Answers the request as the application.
fn say(server: &mut Server, what: Say) {
    let now = at(0);
    let receipt = match what {
        Say::Rejected => Receipt::Rejected(Failure { code: Code::Storage, text: "no room" }),
        _ => Receipt::Stored { total: BEFORE },
    };
    match what {
        Say::Welcome => return welcome(server, 0),
        Say::Nothing => {
            return assert!(matches!(server.poll_event(), None | Some(Event::Rejected { .. })));
        }
        Say::Superseded => return server.supersede(now),
        _ => {}
    }
    match (server.poll_event(), what) {
        (Some(Event::Echo { ticket, .. }), Say::Line(prefix)) => {
            server.reply(now, ticket, EchoReply(prefix)).unwrap();
        }
        (
            Some(Event::Bet { ticket, .. } | Event::Batch { ticket, .. } | Event::Finished { ticket, .. }),
            _,
        ) => server.reply(now, ticket, receipt).unwrap(),
        (Some(Event::WinnersQuery { ticket, .. } | Event::AnonymousWaiter { ticket, .. }), _) => match what {
            Say::Pending => server.reply(now, ticket, WinnersReply::Pending).unwrap(),
            Say::Winners(documents) => server.reply_winners(now, ticket, documents).unwrap(),
            _ => server.reply_winners(now, ticket, &[""; 0]).unwrap(),
        },
        (event, what) => panic!("{event:?}, {what:?}"),
    }
}

#[test]
fn every_example_is_compared_and_every_comparison_has_its_example() {
    let document = document();
    let shown: BTreeSet<String> = listings(&document).iter().map(Listing::name).collect();
    let clients = CLIENTS.iter().map(|(dialect, name, _)| format!("{dialect} client {name}"));
    let servers = SERVERS.iter().map(|(dialect, name, ..)| format!("{dialect} server {name}"));
    let compared: BTreeSet<String> = clients.chain(servers).chain(OTHERS.map(str::to_owned)).collect();
    assert_eq!(shown, compared);
}

#[test]
fn clients_send_the_examples_and_servers_read_them() {
    let document = document();
    for (dialect, name, what) in CLIENTS {
        let (mut client, mut server) = pair(*dialect, *what);
        let shown = example(&document, *dialect, "client", name);
        let sent = ask(&mut client, *what);
        assert_eq!(sent.escape_ascii().to_string(), shown.escape_ascii().to_string(), "{dialect} {name}");
        give(&mut server, at(0), &shown);
        assert_eq!(server.dialect(), Some(*dialect));
        let both = || vec![ANA.to_owned(), JOSE.to_owned()];
        let expected = match what {
            Ask::Hello => {
                assert!(matches!(server.poll_event(), Some(Event::Hello { total: Some(2), .. })));
                continue;
            }
            Ask::Line => ServerEvent::Echo(LINE.into()),
            Ask::Bet => ServerEvent::Bet(vec![ANA.to_owned()]),
            Ask::Batch => ServerEvent::Batch(both()),
            Ask::EmptyBatch => ServerEvent::Batch(vec![]),
            // Without a batch before it, END names no agency.
            Ask::Finished if *dialect == Dialect::FRAMED => ServerEvent::AnonymousWaiter,
            Ask::Finished => ServerEvent::Finished,
            Ask::Winners => ServerEvent::WinnersQuery,
            Ask::BadBatch => unreachable!("no client sends one"),
        };
        assert_eq!(server_events(&mut server), [expected], "{dialect} {name}");
    }
}

#[test]
fn servers_reply_with_the_examples_and_clients_read_them() {
    let document = document();
    for (dialect, name, what, reply) in SERVERS {
        let (mut client, mut server) = pair(*dialect, *what);
        let shown = example(&document, *dialect, "server", name);
        if matches!(reply, Say::StoredOk) {
            let dialects = vec![dialect.answering_ok()];
            server = server_with(ServerConfig::builder(5).dialects(dialects).build().unwrap());
        }
        give(&mut server, at(0), &ask(&mut client, *what));
        say(&mut server, *reply);
        let sent = take(&mut server, at(0));
        assert_eq!(sent.escape_ascii().to_string(), shown.escape_ascii().to_string(), "{dialect} {name}");
        give(&mut client, at(0), &shown);
        let event = client.poll_event();
        let understood = match (reply, &event) {
            (Say::Line(prefix), Some(client::Event::Line(line))) => {
                line.0 == format!("{prefix}{LINE}").as_bytes()
            }
            (Say::Stored, Some(client::Event::Batch(outcome))) => {
                outcome.is_ok_and(|stored| stored.total.is_none_or(|total| total == BEFORE))
            }
            (
                Say::Stored | Say::StoredOk,
                Some(client::Event::Bet(outcome) | client::Event::Finished(outcome)),
            ) => outcome.is_ok(),
            (Say::Rejected, Some(client::Event::Bet(outcome) | client::Event::Finished(outcome))) => {
                outcome.is_err()
            }
            (Say::Welcome, Some(client::Event::Welcome { stored, finished, window, digest, .. })) => {
                let window = (window.batches, window.bytes);
                (*stored, *finished, window, *digest) == (0, false, (1024, 4_194_304), 0)
            }
            (Say::Pending, Some(event)) => matches!(event, client::Event::Pending),
            (Say::Winners(documents), Some(client::Event::Winners(read))) => {
                read.is_last() && read.clone().eq(documents.iter().copied())
            }
            (Say::Superseded, Some(client::Event::Failed(failed))) => failed.code == Some(Code::Superseded),
            (Say::Nothing, Some(client::Event::Batch(Err(rejected)) | client::Event::Rejected(rejected))) => {
                rejected.reason.starts_with("bet 1: birthdate: expected a date, YYYY-MM-DD")
            }
            _ => false,
        };
        assert!(understood, "{dialect} {name}: {event:?}");
    }
}
