//! The same input gets the same bytes from every runtime, whatever the pieces in which it comes.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::thread;

use crate::StoppableRuntime;
use crate::agency_files::{File, stored};
use crate::client::{RunningClient, job};
use crate::cuts::Cut;
use crate::dialects::codec;
use crate::machines::{StillClient, StillServer};
use crate::raw::Raw;
use crate::replay::play_server;
use crate::server::{RunningServer, ServerSettings, rows};
use crate::transcript::Said;
use lottery_core::client::LotteryClient;
use lottery_proto::Dialect;

/// Connections of agency 1: all that it sends on each, and the replies that must come.
struct Script {
    connections: Vec<(Vec<u8>, Answers)>,
    /// Bets that are stored in the end.
    file: File,
}

/// Expected bytes. With a second part: the first, a reason that is not compared, and the second.
type Answers = (Vec<u8>, Option<Vec<u8>>);

/// Returns batches of which one is bad, so that Finished is rejected; then, on a new connection, batches that
/// are all good.
fn script(dialect: Dialect) -> Script {
    let codec = codec(dialect);
    let file = File::invented(1, 200);
    let lines = file.lines();
    let bad = [lines[0], ["José", "Núñez", "1234567a", "1980-01-01", "1"], lines[1]];
    let [first, second, third, fourth] =
        [&lines[..3], &lines[3..103], &lines[103..104], &lines[104..]].map(|lines| codec.batch(1, lines));
    let (bad, finished, query) = (codec.batch(1, &bad), codec.finished(1), codec.query(1));
    let two = codec.batch_stored().repeat(2);
    let (yes, winners) = (codec.receipt(1), codec.winners(1, &file.winners()));
    let rejected = "bets that were sent before were refused";
    let after_bad = [codec.rejection(1, rejected), codec.pending(1)].concat();
    let spoilt = match dialect.name() {
        // A failure is the last reply.
        "fixed" => (Vec::new(), Some(Vec::new())),
        // The batches have no reply of their own.
        "block" => (after_bad, None),
        _ => (two.clone(), Some(after_bad)),
    };
    let (good, twice) = ([&third[..], &fourth, &finished].concat(), [&query[..], &finished, &query].concat());
    let mut connections = vec![([&first[..], &second, &bad, &finished, &query].concat(), spoilt)];
    if codec.has_one_answer() {
        connections.push((good, (yes.clone(), None)));
        connections.extend([(query, (winners, None)), (finished, (yes, None))]);
    } else if codec.server_closes() {
        connections.push((good, ([two, winners].concat(), None)));
    } else {
        let answers = [&two[..], &yes, &winners, &yes, &winners].concat();
        connections.push(([good, twice].concat(), (answers, None)));
    }
    Script { connections, file }
}

/// Returns true if these are the expected replies.
fn is_answer(dialect: Dialect, answered: &[u8], (before, after): &Answers) -> bool {
    let Some(after) = after else { return answered == before };
    let failure = answered.strip_prefix(&before[..]).and_then(|rest| rest.strip_suffix(&after[..]));
    let text = failure.and_then(|failure| codec(dialect).text_of(failure));
    text.is_some_and(|text| text.starts_with("bet 2: document: expected decimal digits (at byte "))
}

fn ask(server: SocketAddr, bytes: &[u8], cut: Cut) -> Vec<u8> {
    let mut peer = Raw::connect(server);
    peer.send_cut(bytes, cut);
    peer.fin();
    peer.receive_all()
}

pub fn a_script_gets_the_same_replies<Server: StoppableRuntime>() {
    for (&dialect, cut) in crate::PLAIN.iter().flat_map(|dialect| Cut::ALL.map(|cut| (dialect, cut))) {
        let Script { connections, file } = script(dialect);
        let server = RunningServer::in_memory::<Server>(1);
        for (bytes, answers) in connections {
            let answered = ask(server.address, &bytes, cut);
            let text = String::from_utf8_lossy(&answered);
            assert!(is_answer(dialect, &answered, &answers), "{dialect}, {cut:?}: {text}");
        }
        assert!(server.end() == stored(&[file]), "{dialect}, {cut:?}: every good bet, in order");
    }
}

pub fn a_script_gets_the_same_replies_without_sockets() {
    for (&dialect, cut) in crate::PLAIN.iter().flat_map(|dialect| Cut::ALL.map(|cut| (dialect, cut))) {
        let Script { connections, file } = script(dialect);
        let mut server = StillServer::new(&ServerSettings::new(1));
        for (bytes, answers) in connections {
            let mut conn = server.accept();
            let mut answered = server.receive(&mut conn, &bytes, cut);
            answered.extend(server.fin(conn));
            let text = String::from_utf8_lossy(&answered);
            assert!(is_answer(dialect, &answered, &answers), "{dialect}, {cut:?}: {text}");
        }
        assert!(rows(server.store()) == stored(&[file]), "{dialect}, {cut:?}: every good bet");
    }
}

/// Returns the conversation of an agency with a server when there is nothing but the machines.
fn conversation(dialect: Dialect, file: &File) -> Vec<Said> {
    let mut server = StillServer::new(&ServerSettings::new(1));
    let mut agency = StillClient::new(agency(dialect, file, (Ipv4Addr::LOCALHOST, 1).into()));
    let mut said = Vec::new();
    while agency.connect() {
        let mut conn = server.accept();
        loop {
            let sent = agency.sent();
            if sent.is_empty() {
                break;
            }
            said.push(Said::Client(sent.clone()));
            let answer = server.receive(&mut conn, &sent, Cut::Nowhere);
            if !answer.is_empty() {
                said.push(Said::Server(answer.clone()));
                agency.receive(&answer, Cut::Nowhere);
            }
        }
        agency.fin();
        said.extend([Said::ClientEof, Said::ServerEof]);
    }
    assert_eq!(agency.done().into_outcome().expect("it gets its winners"), file.winners());
    said
}

fn agency(dialect: Dialect, file: &File, server: SocketAddr) -> LotteryClient {
    let mut job = job(server, dialect, 1);
    job.batch_max = Some(40);
    LotteryClient::new(job, file.bets())
}

pub fn a_client_sends_the_same_bytes<Client: StoppableRuntime>() {
    for (&dialect, cut) in crate::PLAIN.iter().flat_map(|dialect| Cut::ALL.map(|cut| (dialect, cut))) {
        let file = File::invented(1, 500);
        let said = conversation(dialect, &file);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let address = listener.local_addr().expect("a listener has an address");
        let agency = RunningClient::start::<Client>(agency(dialect, &file, address));
        play_server(&listener, &said, cut);
        assert_eq!(agency.winners(), file.winners(), "{dialect}, {cut:?}");
    }
}

/// Replies are read while bytes are still being sent: neither side waits for the other.
pub fn replies_are_sent_while_requests_arrive<Server: StoppableRuntime>() {
    for &dialect in crate::PLAIN {
        let codec = codec(dialect);
        if codec.has_one_answer() {
            continue;
        }
        let server = RunningServer::in_memory::<Server>(2);
        let mut peer = Raw::connect(server.address);
        let mut reader = Raw(peer.0.try_clone().expect("a second handle"));
        let asking = thread::spawn(move || {
            for _ in 0..2000 {
                peer.send(&codec.probe(1));
            }
            peer.fin();
        });
        assert!(reader.receive_all() == codec.probed(1).repeat(2000), "{dialect}: an answer to each");
        asking.join().expect("all was taken");
        server.end();
    }
}

pub fn cuts_lose_nothing() {
    let bytes = File::invented(1, 50).text.into_bytes();
    for cut in Cut::ALL {
        assert!(cut.pieces(&bytes).concat() == bytes);
    }
    let words = "Ñandú 美".as_bytes();
    let pieces = Cut::InCharacters.pieces(words);
    assert_eq!(pieces, [&b"\xC3"[..], b"\x91and\xC3", b"\xBA \xE7", b"\xBE", b"\x8E"]);
}
