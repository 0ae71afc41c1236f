//! Recordings of other programs, played again: our server replies as theirs did, our clients send the same.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::time::Duration;

use crate::StoppableRuntime;
use crate::agency_files::{File, stored};
use crate::client::{RunningClient, job};
use crate::cuts::Cut;
use crate::machines::{Conn, StillClient, StillServer};
use crate::raw::Raw;
use crate::replay::{Next, Replay, play_server};
use crate::server::{RunningServer, ServerSettings, rows};
use crate::time_limits::{SOON, Task};
use crate::transcript::{Said, Transcript};
use lottery_core::client::{EchoClient, EchoJob, LotteryClient};
use lottery_core::store::MemoryStore;
use lottery_proto::{AgencyId, ClientConfig, Dialect};
use lottery_runtime::Dialer;

/// Returns every dialect that carries bets, with every cut.
fn all() -> impl Iterator<Item = (Dialect, Cut)> {
    crate::PLAIN.iter().flat_map(|&dialect| Cut::ALL.map(|cut| (dialect, cut)))
}

/// Returns the recordings of the health check.
fn echoes() -> [Transcript; 2] {
    ["echo", "echo-prefixed"].map(|name| Transcript::named(Dialect::ECHO, name))
}

fn files(recorded: &Transcript) -> Vec<File> {
    recorded.conversations().into_iter().map(|(file, _)| file).collect()
}

pub fn the_server_replies_as_recorded<Server: StoppableRuntime>() {
    for (dialect, cut) in all() {
        let recorded = Transcript::read(dialect);
        let server =
            RunningServer::start::<Server>(&ServerSettings::new(recorded.agencies), MemoryStore::new());
        let address = server.address;
        let play = |(_, said): (_, Vec<Said>)| {
            let replay = Replay::new(dialect, &said);
            Task::start("a recorded agency", move || replay.play(address, cut))
        };
        let agencies: Vec<_> = recorded.conversations().into_iter().map(play).collect();
        for agency in agencies {
            agency.join(SOON);
        }
        assert!(server.end() == stored(&files(&recorded)), "{dialect}, {cut:?}: every bet, in order");
    }
}

/// Agencies of exercise 7 make a connection for each question, and in `braces` one for each message.
pub fn the_server_replies_to_agencies_of_exercise_7_as_recorded<Server: StoppableRuntime>() {
    for (dialect, cut) in all().filter(|(_, cut)| *cut != Cut::Everywhere) {
        let recorded = crate::stages::read(dialect, &format!("{dialect}-ej7"));
        let server =
            RunningServer::start::<Server>(&ServerSettings::new(recorded.agencies), MemoryStore::new());
        let mut agencies: BTreeMap<u32, Vec<Said>> = BTreeMap::new();
        for (agency, said) in crate::stages::connections(dialect, &recorded) {
            let mut said = said.to_vec();
            // Their server of `braces` had no reply to Finished.
            if !said.iter().any(|said| matches!(said, Said::Server(_))) {
                said.insert(1, Said::Server(b"ACK_NOTIFY;".to_vec()));
            }
            agencies.entry(agency).or_default().extend(said);
        }
        assert_eq!(agencies.len(), 5, "{dialect}");
        let address = server.address;
        let playing: Vec<_> = agencies
            .into_values()
            .map(|said| {
                let replay = Replay::new(dialect, &said);
                Task::start("a recorded agency", move || replay.play(address, cut))
            })
            .collect();
        for agency in playing {
            agency.join(SOON);
        }
        assert_eq!(server.end(), recorded.stored, "{dialect}, {cut:?}: every bet, in order");
    }
}

pub fn the_server_replies_to_the_health_check_as_recorded<Server: StoppableRuntime>() {
    for recorded in echoes() {
        let terms = ServerSettings { echo_prefix: recorded.reply_prefix.clone(), ..ServerSettings::new(1) };
        let server = RunningServer::start::<Server>(&terms, MemoryStore::new());
        for (said, cut) in recorded.connections.iter().flat_map(|said| Cut::ALL.map(|cut| (said, cut))) {
            let [Said::Client(line), Said::Server(answer), ..] = &said[..] else { panic!("{said:?}") };
            let mut peer = Raw::connect(server.address);
            peer.send_cut(line, cut);
            assert_eq!(peer.receive_all(), *answer, "{cut:?}: the answer, and an end");
        }
        server.end();
    }
}

/// Returns a listener and its address, for a client that a recording is played to.
fn listener() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    let address = listener.local_addr().expect("a listener has an address");
    (listener, address)
}

/// Returns an agency as it was recorded. In `fixed` the recorded one cut a number, which ours does not.
fn agency(address: SocketAddr, dialect: Dialect, file: &File) -> LotteryClient {
    LotteryClient::new(job(address, dialect, file.agency), file.bets())
}

pub fn the_client_sends_what_was_recorded<Client: StoppableRuntime>() {
    for (dialect, cut) in all() {
        for (file, said) in Transcript::read(dialect).conversations() {
            let (listener, address) = listener();
            let agency = RunningClient::start::<Client>(agency(address, dialect, &file));
            play_server(&listener, &said, cut);
            assert_eq!(agency.winners(), file.winners(), "{dialect}, {cut:?}");
        }
    }
}

/// Runs a health check of our client against the recorded server.
fn health_check(address: SocketAddr, recorded: &Transcript) -> (EchoClient, Vec<Said>) {
    let connection =
        ClientConfig::new(AgencyId::new(1).expect("it is one"), Dialect::ECHO).expect("valid settings");
    let amount = u32::try_from(recorded.connections.len()).expect("a few");
    let period = Duration::from_millis(1);
    let (server, connect_timeout, retry_for) = (address.to_string(), SOON, SOON);
    let echoes = EchoClient::new(EchoJob { connection, server, connect_timeout, retry_for, amount, period });
    // One of the recorded clients has a word more in its lines than ours.
    let ours = |bytes: &[u8]| String::from_utf8_lossy(bytes).replace(" sent\n", "\n").into_bytes();
    let said = |said: &Said| match said {
        Said::Client(line) => Said::Client(ours(line)),
        Said::Server(line) => Said::Server(ours(line)),
        end => end.clone(),
    };
    (echoes, recorded.connections.iter().flatten().map(said).collect())
}

pub fn the_health_check_sends_what_was_recorded<Client: StoppableRuntime>() {
    for (recorded, cut) in echoes().iter().flat_map(|recorded| Cut::ALL.map(|cut| (recorded, cut))) {
        let (listener, address) = listener();
        let (echoes, said) = health_check(address, recorded);
        let echoes = RunningClient::start::<Client>(echoes);
        play_server(&listener, &said, cut);
        echoes.join(SOON).into_outcome().expect("all lines have come back");
    }
}

pub fn the_server_without_sockets_replies_as_recorded() {
    for (dialect, cut) in all() {
        let recorded = Transcript::read(dialect);
        let mut server = StillServer::new(&ServerSettings::new(recorded.agencies));
        let replay = |(_, said): (_, Vec<Said>)| Some((Replay::new(dialect, &said), None));
        let mut agencies: Vec<Option<(Replay, Option<Conn>)>> =
            recorded.conversations().into_iter().map(replay).collect();
        // Each in turn goes as far as it can until it has to wait, or is told to ask again later.
        while agencies.iter().any(Option::is_some) {
            for slot in &mut agencies {
                while let Some((mut replay, mut conn)) = slot.take() {
                    let (bytes, again) = match replay.next_move() {
                        Next::Send(bytes) => (bytes, false),
                        Next::SendAgain(bytes) => (bytes, true),
                        Next::Receive => (Vec::new(), true),
                        Next::Fin => {
                            let conn = conn.take().expect("the connection is there");
                            assert_eq!(server.fin(conn), b"", "nothing but the end");
                            *slot = Some((replay, None));
                            continue;
                        }
                        Next::Done => break,
                    };
                    if again
                        && dialect == Dialect::FIXED
                        && let Some(conn) = conn.take()
                    {
                        assert_eq!(server.fin(conn), b"", "nothing but the end");
                    }
                    let mut current = conn.unwrap_or_else(|| server.accept());
                    replay.receive(&server.receive(&mut current, &bytes, cut));
                    replay.receive(&server.sent(&mut current));
                    *slot = Some((replay, Some(current)));
                    if again {
                        break;
                    }
                }
            }
        }
        assert!(rows(server.store()) == stored(&files(&recorded)), "{dialect}, {cut:?}: every bet");
    }
}

/// Plays a recorded server to a client, without sockets, until the client is done.
fn play<C: Dialer>(client: C, said: &[Said], cut: Cut) -> C {
    let mut client = StillClient::new(client);
    let mut sent = Vec::new();
    let mut said = said.iter().peekable();
    while client.connect() {
        sent.extend(client.sent());
        while let Some(next) = said.next_if(|said| matches!(said, Said::Client(_) | Said::Server(_))) {
            match next {
                Said::Client(expected) => {
                    if sent.is_empty() {
                        client.wait();
                        sent = client.sent();
                    }
                    let rest = sent.split_off(expected.len());
                    assert_eq!(Said::Client(sent), *next, "{cut:?}: what was recorded is on the right");
                    sent = rest;
                }
                Said::Server(message) => {
                    client.receive(message, cut);
                    sent.extend(client.sent());
                }
                Said::ClientEof | Said::ServerEof => {}
            }
        }
        assert_eq!(sent, b"", "nothing but the end");
        while said.next_if(|said| matches!(said, Said::ClientEof | Said::ServerEof)).is_some() {}
        client.fin();
    }
    assert_eq!(said.next(), None, "all that was recorded");
    client.done()
}

pub fn the_client_without_sockets_sends_what_was_recorded() {
    let address = (Ipv4Addr::LOCALHOST, 1).into();
    for (dialect, cut) in all() {
        for (file, said) in Transcript::read(dialect).conversations() {
            let outcome = play(agency(address, dialect, &file), &said, cut).into_outcome();
            assert_eq!(outcome.expect("it gets its winners"), file.winners(), "{dialect}, {cut:?}");
        }
    }
}

pub fn the_health_check_without_sockets_sends_what_was_recorded() {
    let address = (Ipv4Addr::LOCALHOST, 1).into();
    for (recorded, cut) in echoes().iter().flat_map(|recorded| Cut::ALL.map(|cut| (recorded, cut))) {
        let (echoes, said) = health_check(address, recorded);
        play(echoes, &said, cut).into_outcome().expect("all lines have come back");
    }
}
