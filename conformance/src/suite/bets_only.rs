//! Agencies that send bets and nothing else: as they were recorded, byte for byte, and when a bet is rejected.

use std::io::ErrorKind;
use std::net::Shutdown;
use std::thread;
use std::time::Duration;

use crate::StoppableRuntime;
use crate::cuts::Cut;
use crate::raw::Raw;
use crate::server::{RunningServer, ServerSettings};
use crate::transcript::{Said, Transcript};
use lottery_core::server_connection::BareAnswer;
use lottery_core::store::MemoryStore;
use lottery_proto::client::Event as Reply;
use lottery_proto::server::Event;
use lottery_proto::{Bet, Client, Dialect, Receipt, Server, ServerConfig};
use lottery_testkit::{at, client_of, feed, give, server_with, take};

const SHORT: &str = "stages/block-ej5";
const LINE: &str = "stages/framed-ej5";

/// Recordings in which all is stored: dialect and name.
const RECORDED: [(Dialect, &str); 8] = [
    (Dialect::SHORT, SHORT),
    (Dialect::COLUMNS, "stages/fixed-ej5"),
    (Dialect::LINE, LINE),
    (Dialect::BARE, "stages/braces-ej5"),
    (Dialect::BARE, "stages/braces-ej6"),
    (Dialect::BLOCK, "stages/block-ej6"),
    (Dialect::FIXED, "stages/fixed-ej6"),
    (Dialect::FRAMED, "stages/framed-ej6"),
];

/// Recordings with a bet that another server rejected in its own words.
const REJECTED: [(Dialect, &str); 2] =
    [(Dialect::LINE, "stages/framed-ej5-error"), (Dialect::FRAMED, "stages/framed-ej6-error")];
/// Endings of these words.
const REASONS: [&str; 2] = ["month must be in 1..12", "day is out of range for month"];

/// Returns the settings of the machine that replies like the recorded server.
fn config(dialect: Dialect, name: &str) -> ServerConfig {
    let answering =
        |spoken: &Dialect| if name == "stages/fixed-ej6" { spoken.answering_ok() } else { *spoken };
    let dialects: Vec<Dialect> = Dialect::ALL.iter().map(answering).collect();
    assert!(dialects.contains(&dialect));
    ServerConfig::builder(5).dialects(dialects).build().unwrap()
}

pub fn agencies_that_send_bets_only_get_their_replies<Server: StoppableRuntime>() {
    for (dialect, name) in RECORDED {
        let recorded = Transcript::named(dialect, name);
        // The recorded server took UTF-8 for another encoding. The bets of the other recording are the same.
        let stored = match name {
            SHORT => Transcript::named(Dialect::LINE, LINE).stored,
            _ => recorded.stored,
        };
        // Some of these agencies send no batch of several bets that would tell what they are.
        let bare_answer = if name == "stages/braces-ej6" { BareAnswer::Ack } else { BareAnswer::Auto };
        for cut in [Cut::Nowhere, Cut::InCharacters, Cut::Anywhere(1)] {
            let settings =
                ServerSettings { config: config(dialect, name), bare_answer, ..ServerSettings::new(5) };
            let server = RunningServer::start::<Server>(&settings, MemoryStore::new());
            for said in &recorded.connections {
                let mut peer = Raw::connect(server.address);
                for said in said {
                    match said {
                        Said::Client(message) => peer.send_cut(message, cut),
                        Said::Server(reply) => {
                            let received = Said::Server(peer.receive(reply.len()));
                            assert_eq!(received, *said, "{name}, {cut:?}: what was recorded is on the right");
                        }
                        Said::ClientEof => _ = peer.0.shutdown(Shutdown::Write),
                        Said::ServerEof => {
                            // Our server leaves it to the client to end first where it may send more.
                            if !(dialect.profile().one_message || dialect == Dialect::FIXED) {
                                let _ = peer.0.shutdown(Shutdown::Write);
                            }
                            assert_eq!(peer.receive_all(), b"", "{name}, {cut:?}: nothing but the end");
                        }
                    }
                }
            }
            assert_eq!(server.end(), stored, "{name}, {cut:?}");
        }
    }
}

pub fn a_block_in_two_segments_is_one_bet<Server: StoppableRuntime>() {
    let server = RunningServer::in_memory::<Server>(5);
    let mut block = b"\x01\x02\x1EAna|Paz|1|1980-01-01|7574".to_vec();
    block[2] = u8::try_from(block.len()).expect("short");
    block.resize(128, 0);
    for at in [1, 2, 3, 4, 64, 127] {
        let mut peer = Raw::connect(server.address);
        let (first, rest) = block.split_at(at);
        peer.send(first);
        thread::sleep(Duration::from_millis(20));
        peer.send(rest);
        assert_eq!(peer.receive(128)[..13], *b"\x02\x02\x0B1|7574|1\0\0", "cut at {at}");
        assert_eq!(peer.receive_all(), b"");
    }
    assert_eq!(server.end()[&2].len(), 6);
}

pub fn a_rejected_bet_is_told_as_its_dialect_can<Server: StoppableRuntime>() {
    let server = RunningServer::in_memory::<Server>(5);
    let mut short = b"\x01\x09\x1CAna|Paz|1|1980-01-01|7574".to_vec();
    short.resize(128, 0);
    let columns = b"00009Ana       Paz       200000011980-01-017574".to_vec();
    let line = b"9;Ana;Paz;1;1980-01-01;7574\n".to_vec();
    let bare = b"{PlayerName:Ana,PlayerSurname:Paz,PlayerDocID:1,PlayerDateOfBirth:1980-01-01,WageredNumber:1,AgencyID:9};".to_vec();
    for (message, expected) in [
        (short, Ok(&b""[..])),
        (columns, Err(ErrorKind::ConnectionReset)),
        (line, Ok(b"error;unknown agency 9, expected 1 to 5 (at byte 0)\n")),
        (bare, Ok(b"ERROR:unknown agency 9, expected 1 to 5 (at byte 0);")),
    ] {
        let mut peer = Raw::connect(server.address);
        peer.send(&message);
        let received = peer.try_receive_all().map_err(|error| error.kind());
        assert_eq!(received.as_deref(), expected.as_ref().copied(), "{}", message.escape_ascii());
    }
    assert!(server.end().is_empty(), "nothing is stored");
}

pub fn a_single_bet_of_bare_is_answered_as_its_agency_expects<Server: StoppableRuntime>() {
    let bet = |agency: u32, number: u32| {
        format!(
            "{{PlayerName:Ana,PlayerSurname:Paz,PlayerDocID:1,PlayerDateOfBirth:1980-01-01,WageredNumber:{number},AgencyID:{agency}}}"
        )
    };
    let (one, two) =
        (|agency| bet(agency, 7) + ";", |agency| format!("{},{};", bet(agency, 1), bet(agency, 2)));
    let ack = "ACK_CHUNK;".to_owned();
    for (rule, replies) in [
        (BareAnswer::Auto, [one(1), ack.clone(), ack.clone(), one(2)]),
        (BareAnswer::Echo, [one(1), ack.clone(), one(1), one(2)]),
        (BareAnswer::Ack, [ack.clone(), ack.clone(), ack.clone(), ack.clone()]),
    ] {
        let settings = ServerSettings { bare_answer: rule, ..ServerSettings::new(5) };
        let server = RunningServer::start::<Server>(&settings, MemoryStore::new());
        for (message, reply) in [one(1), two(1), one(1), one(2)].into_iter().zip(replies) {
            let mut peer = Raw::connect(server.address);
            peer.send(message.as_bytes());
            assert_eq!(String::from_utf8_lossy(&peer.receive_all()), reply, "{rule:?}: {message}");
        }
        let stored = server.end();
        assert_eq!((stored[&1].len(), stored[&2].len()), (4, 1), "{rule:?}");
    }
}

/// Accepts the next request of the server, makes the client send the same, and returns the reply.
fn serve(server: &mut Server, client: &mut Client, reply: &[u8]) -> Option<Vec<u8>> {
    let ticket = match server.poll_event()? {
        Event::Bet { ticket, bets, .. } => {
            let bets: Vec<Bet<'_>> = bets.iter().collect();
            assert_eq!(client.send_batch(at(0), &bets), Ok(1));
            ticket
        }
        Event::Batch { ticket, bets, .. } => {
            let bets: Vec<Bet<'_>> = bets.iter().collect();
            assert_eq!(client.send_batch(at(0), &bets), Ok(bets.len()));
            ticket
        }
        Event::Finished { ticket, .. } => {
            client.send_finished(at(0)).expect("the dialect has it");
            ticket
        }
        Event::Closed(_) => return None,
        other => panic!("{other:?}"),
    };
    if reply == b"ACK_CHUNK;" {
        server.take_for_batch(&ticket);
    }
    server.reply(at(0), ticket, Receipt::Stored { total: 1 }).expect("every dialect has it");
    Some(take(server, at(0)))
}

/// Returns the agency that a recorded connection is of; `None` if nothing is sent on it.
fn agency_of(dialect: Dialect, said: &[Said]) -> Option<u32> {
    let mut server = server_with(ServerConfig::builder(5).build().unwrap());
    let Some(Said::Client(message)) = said.first() else { return None };
    give(&mut server, at(0), message);
    assert!(server.poll_event().is_some(), "{dialect}: a request");
    server.agency().map(lottery_proto::AgencyId::get)
}

pub fn recorded_bets_replay_both_ways_without_sockets() {
    for (dialect, name) in RECORDED {
        for said in Transcript::named(dialect, name).connections {
            let Some(agency) = agency_of(dialect, &said) else { continue };
            let (mut server, mut client) = (server_with(config(dialect, name)), client_of(dialect, agency));
            let mut replies = said.iter().filter_map(|said| match said {
                Said::Server(reply) => Some(reply),
                _ => None,
            });
            let mut next = replies.next().expect("there is a reply");
            for message in said.iter().filter_map(|said| match said {
                Said::Client(message) => Some(message),
                _ => None,
            }) {
                give(&mut server, at(0), message);
                let served = std::iter::from_fn(|| serve(&mut server, &mut client, next));
                let reply = served.collect::<Vec<_>>().concat();
                assert_eq!(
                    take(&mut client, at(0)).escape_ascii().to_string(),
                    message.escape_ascii().to_string()
                );
                // A reply in two parts means the same.
                if reply.is_empty() {
                    continue;
                }
                assert_eq!(reply.escape_ascii().to_string(), next.escape_ascii().to_string(), "{name}");
                let (first, rest) = next.split_at(next.len() / 2);
                give(&mut client, at(0), first);
                feed(&mut client, at(0), rest);
                let event = client.poll_event();
                let stored = matches!(event, Some(Reply::Batch(Ok(_)) | Reply::Finished(Ok(_))));
                assert!(stored, "{name}: {event:?}");
                next = replies.next().unwrap_or(next);
            }
            assert_eq!(client.poll_event(), None, "{name}");
        }
    }
}

pub fn rejections_of_another_server_are_read_without_sockets() {
    for ((dialect, name), reason) in REJECTED.into_iter().zip(REASONS) {
        let recorded = Transcript::named(dialect, name);
        let [Said::Client(_), Said::Server(reply), ..] = &recorded.connections[0][..] else {
            panic!("{name}")
        };
        let mut client = client_of(dialect, 1);
        let bet = Bet::new(["Ana", "Paz", "20000001", "1980-01-01", "7574"]).expect("valid");
        client.send_batch(at(0), &[bet]).expect("it may be sent");
        give(&mut client, at(0), reply);
        let Some(Reply::Batch(Err(rejected))) = client.poll_event() else { panic!("{name}") };
        assert!(rejected.reason.ends_with(reason), "{name}: {}", rejected.reason);
    }
}
