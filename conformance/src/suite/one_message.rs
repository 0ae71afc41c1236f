//! Dialects in which a connection carries one message: the same replies however bytes are cut, and deadlines and limits
//! as in all others.

use std::net::{Ipv4Addr, TcpListener};
use std::time::Duration;

use crate::StoppableRuntime;
use crate::agency_files::{File, stored};
use crate::client::{RunningClient, job};
use crate::cuts::Cut;
use crate::dialects::OneMessage;
use crate::machines::{StillClient, StillServer};
use crate::raw::Raw;
use crate::replay::play_server;
use crate::server::{RunningServer, ServerSettings};
use crate::time_limits::{SOON, Task, until};
use crate::transcript::Said;
use lottery_core::client::{ClientError, Job, LotteryClient};
use lottery_core::store::MemoryStore;
use lottery_proto::Dialect;

/// Longer than a busy machine takes from a connection to the first byte on it.
const SHORT: Duration = Duration::from_millis(600);

/// Returns bets with names that fit into columns of ten characters.
fn bets(agency: u32, count: u32) -> File {
    let file = File::invented(agency, count);
    File { text: file.text.replace("Ñandú Ágata", "Ñandú Á."), ..file }
}

/// Sends a message in pieces, and receives all until the end.
fn ask(server: std::net::SocketAddr, message: &[u8], cut: Cut) -> std::io::Result<Vec<u8>> {
    let mut peer = Raw::connect(server);
    peer.send_cut(message, cut);
    peer.try_receive_all()
}

pub fn a_message_gets_the_same_reply_in_any_pieces<Server: StoppableRuntime>() {
    let file = bets(1, 24);
    for (dialect, cut) in OneMessage::ALL.iter().flat_map(|dialect| Cut::ALL.map(|cut| (dialect, cut))) {
        let server = RunningServer::in_memory::<Server>(1);
        for (nth, lines) in file.lines().chunks(dialect.bets()).enumerate() {
            let mut bad = [lines[0]];
            bad[0][3] = "1981-02-29";
            let answered = ask(server.address, &dialect.message(1, &bad), cut);
            assert!(
                dialect.is_rejection(&answered, "bet 1: birthdate: "),
                "{dialect:?}, {cut:?}, {nth}: {answered:?}"
            );
            let answered = ask(server.address, &dialect.message(1, lines), cut).expect("a clean end");
            let text = answered.escape_ascii();
            assert!(answered == dialect.stored(1, lines), "{dialect:?}, {cut:?}, {nth}: {text}");
        }
        assert!(server.end() == stored(std::slice::from_ref(&file)), "{dialect:?}, {cut:?}: every good bet");
    }
}

fn agency(dialect: OneMessage, file: &File, server: std::net::SocketAddr) -> LotteryClient {
    let job = Job { batch_max: Some(7), ..job(server, dialect.0, 1) };
    LotteryClient::new(job, file.bets())
}

/// Returns the conversation of an agency with a server when there is nothing but the machines.
fn conversation(dialect: OneMessage, file: &File) -> Vec<Said> {
    let mut server = StillServer::new(&ServerSettings::new(1));
    let mut agency = StillClient::new(agency(dialect, file, (Ipv4Addr::LOCALHOST, 1).into()));
    let mut said = Vec::new();
    while agency.connect() {
        let mut conn = server.accept();
        let sent = agency.sent();
        let answer = server.receive(&mut conn, &sent, Cut::Nowhere);
        agency.receive(&answer, Cut::Nowhere);
        said.extend([Said::Client(sent), Said::Server(answer), Said::ServerEof, Said::ClientEof]);
        agency.fin();
    }
    agency.done().into_outcome().expect("all is stored");
    said
}

pub fn a_client_sends_the_same_bytes_for_replies_in_any_pieces<Client: StoppableRuntime>() {
    let file = bets(1, 24);
    for (&dialect, cut) in OneMessage::ALL.iter().flat_map(|dialect| Cut::ALL.map(|cut| (dialect, cut))) {
        let said = conversation(dialect, &file);
        let messages = if dialect.0 == Dialect::BARE { 24_usize.div_ceil(7) } else { 24 };
        assert_eq!(said.len(), 4 * messages, "{dialect:?}");
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let address = listener.local_addr().expect("a listener has an address");
        let agency = RunningClient::start::<Client>(agency(dialect, &file, address));
        play_server(&listener, &said, cut);
        assert_eq!(agency.winners(), Vec::<String>::new(), "{dialect:?}, {cut:?}");
    }
}

pub fn a_peer_that_stops_is_closed<Server: StoppableRuntime>() {
    let mut terms = ServerSettings::new(2);
    let config = terms.config.to_builder().idle_timeout(SHORT).message_timeout(SHORT);
    terms.config = config.stall_timeout(SHORT).build().expect("valid settings");
    let server = RunningServer::start::<Server>(&terms, MemoryStore::new());
    let (address, file) = (server.address, bets(1, 3));
    let mut peers = Vec::new();
    for dialect in OneMessage::ALL {
        let message = dialect.message(1, &file.lines());
        for stops in [1, 30] {
            let part = message[..stops].to_vec();
            peers.push(Task::start("a peer that stops", move || {
                let answered = ask(address, &part, Cut::Nowhere);
                // A dialect that is not yet known has no words.
                let is_known = stops > 1 && dialect.0 == Dialect::BARE;
                let is_told = if is_known {
                    dialect.is_rejection(&answered, "a message was not completed in time")
                } else {
                    matches!(&answered, Ok(reply) if reply.is_empty())
                };
                assert!(is_told, "{dialect:?}, {stops} bytes: {answered:?}");
            }));
        }
    }
    for peer in peers {
        peer.join(SOON);
    }
    assert!(server.end().is_empty(), "nothing of a part is stored");
}

pub fn a_server_that_does_not_reply_is_given_up<Client: StoppableRuntime>() {
    for dialect in OneMessage::ALL {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let mut job = job(listener.local_addr().expect("a listener has an address"), dialect.0, 1);
        let connection = job.connection.to_builder().answer_timeout(SHORT);
        job.connection = connection.build().expect("valid settings");
        let agency = RunningClient::start::<Client>(LotteryClient::new(job, bets(1, 5).bets()));
        let (peer, _) = listener.accept().expect("the agency connects");
        let error = agency.outcome().expect_err("nobody has replied");
        assert!(matches!(error, ClientError::Unconfirmed { .. }), "{dialect:?}: {error:?}");
        drop(peer);
    }
}

/// One connection beyond the maximum is rejected; the others do not notice.
pub fn a_message_beyond_the_limit_of_connections_is_rejected<Server: StoppableRuntime>() {
    let file = bets(1, 3);
    for dialect in OneMessage::ALL {
        let terms = ServerSettings { max_connections: 2, ..ServerSettings::new(4) };
        let server = RunningServer::start::<Server>(&terms, MemoryStore::new());
        let message = dialect.message(1, &file.lines()[..dialect.bets()]);
        // Connections of agencies keep their place.
        let mut served: Vec<Raw> = (0..2).map(|_| Raw::connect(server.address)).collect();
        for (peer, agency) in served.iter_mut().zip(2..) {
            peer.send(&crate::dialects::codec(Dialect::BRACES).probe(agency));
            peer.receive(crate::dialects::codec(Dialect::BRACES).probed(agency).len());
        }
        let rejected = ask(server.address, &message, Cut::Nowhere);
        assert!(dialect.is_rejection(&rejected, "too many connections"), "{dialect:?}: {rejected:?}");
        drop(served.pop());
        until("a new one is served", || {
            let replied = ask(server.address, &message, Cut::Nowhere);
            replied.is_ok_and(|reply| reply == dialect.stored(1, &file.lines()[..dialect.bets()]))
        });
        drop(served);
        assert_eq!(server.end()[&1].len(), dialect.bets(), "{dialect:?}: what was rejected is not stored");
    }
}
