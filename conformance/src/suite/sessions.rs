//! Sessions, byte for byte, against peers that are written by hand (`docs/protocol.md#sessions`).

use std::fmt::{Debug, Display};
use std::net::{Ipv4Addr, TcpListener};

use crate::StoppableRuntime;
use crate::agency_files::{File, stored};
use crate::client::{RunningClient, job};
use crate::cuts::Cut;
use crate::dialects::{BLOCK, block, codec, packet, without_padding};
use crate::raw::Raw;
use crate::server::RunningServer;
use lottery_core::client::{ClientError, LotteryClient};
use lottery_proto::Dialect;
use lottery_testkit::crc32c;

const FINISHED: u8 = 4;
const BATCH_ACK: u8 = 5;
const WINNER: u8 = 6;
const HELLO: u8 = 7;
const WELCOME: u8 = 8;
const ERROR: u8 = 9;

/// Returns the digest of these bets (`docs/protocol.md#digest`).
fn digest(lines: &[[&str; 5]]) -> u32 {
    let bytes: Vec<u8> =
        lines.iter().flat_map(|fields| format!("{}\n", fields.join("|")).into_bytes()).collect();
    crc32c(&bytes)
}

fn welcome(agency: u32, finished: u8, window: u32, lines: &[[&str; 5]]) -> Vec<u8> {
    let (stored, digest) = (lines.len(), digest(lines));
    packet(WELCOME, agency, format!("3|{stored}|{finished}|{window}|4194304|{digest:08x}").as_bytes())
}

/// Returns the block that opens a session of an agency whose list has so many bets.
fn hello(agency: u32, total: impl Display) -> Vec<u8> {
    block(HELLO, agency, format!("3|{agency}|{total}").as_bytes())
}

fn batch(agency: u32, lines: &[[&str; 5]]) -> Vec<u8> {
    without_padding(&codec(Dialect::BLOCK).batch(agency, lines)).to_vec()
}

/// Receives as many bytes as are expected, which must be these.
fn receives(raw: &mut Raw, expected: &[u8], what: impl Debug) {
    let received = raw.receive(expected.len());
    assert_eq!(received.escape_ascii().to_string(), expected.escape_ascii().to_string(), "{what:?}");
}

/// Opens a session with a server, which must reply `answer`.
fn open<R: StoppableRuntime>(server: &RunningServer<impl Sized>, agency: u32, answer: &[u8]) -> Raw {
    let mut raw = Raw::connect(server.address);
    raw.send(&hello(agency, ""));
    receives(&mut raw, answer, R::NAME);
    raw
}

/// Returns the text of this packet, which must be of that kind. Only Error is padded.
fn said(kind: u8, packet: &[u8]) -> String {
    assert_eq!(packet[0], kind);
    let size = usize::from(u16::from_le_bytes([packet[2], packet[3]]));
    assert_eq!(packet.len(), if kind == ERROR { BLOCK } else { size });
    assert!(packet[size..].iter().all(|byte| *byte == 0), "padded with zeros");
    String::from_utf8(packet[4..size].to_vec()).expect("UTF-8")
}

pub fn a_session_runs_from_hello_to_the_winners<Server: StoppableRuntime>() {
    for cut in Cut::ALL {
        let server = RunningServer::in_memory::<Server>(1);
        let file = File::invented(1, 60);
        let lines = file.lines();
        let first = [hello(1, 60), batch(1, &lines[..20]), batch(1, &lines[20..50])].concat();
        let mut raw = Raw::connect(server.address);
        raw.send_cut(&first, cut);
        let acknowledged =
            [welcome(1, 0, 1024, &[]), packet(BATCH_ACK, 1, b"1|20"), packet(BATCH_ACK, 1, b"1|50")];
        receives(&mut raw, &acknowledged.concat(), cut);
        // The agency is cut off, and goes on where it was.
        raw.vanish();
        let mut raw = open::<Server>(&server, 1, &welcome(1, 0, 1024, &lines[..50]));
        let rest = [batch(1, &lines[50..]), packet(FINISHED, 1, b""), packet(WINNER, 1, b"2")].concat();
        raw.send_cut(&rest, cut);
        let winners = packet(WINNER, 1, format!("1{}", file.winners().join("|")).as_bytes());
        let answers =
            [packet(BATCH_ACK, 1, b"1|60"), packet(BATCH_ACK, 1, b"1|60"), winners.clone()].concat();
        receives(&mut raw, &answers, cut);
        drop(raw);
        // The same holds when nothing is left to do but to ask.
        let mut raw = open::<Server>(&server, 1, &welcome(1, 1, 1024, &lines));
        raw.send_cut(&packet(WINNER, 1, b"2"), cut);
        receives(&mut raw, &winners, cut);
        drop(raw);
        assert_eq!(server.end(), stored(&[file]), "{cut:?}");
    }
}

pub fn a_newer_session_supersedes_the_older<Server: StoppableRuntime>() {
    let server = RunningServer::in_memory::<Server>(2);
    let file = File::invented(2, 30);
    let lines = file.lines();
    let mut older = open::<Server>(&server, 2, &welcome(2, 0, 1024, &[]));
    older.send(&batch(2, &lines[..10]));
    receives(&mut older, &packet(BATCH_ACK, 2, b"1|10"), Server::NAME);
    let mut newer = open::<Server>(&server, 2, &welcome(2, 0, 1024, &lines[..10]));
    let end = older.receive_all();
    assert!(said(ERROR, &end).starts_with("superseded|"), "{end:?}");
    newer.send(&[batch(2, &lines[10..]), packet(FINISHED, 2, b"")].concat());
    receives(
        &mut newer,
        &[packet(BATCH_ACK, 2, b"1|30"), packet(BATCH_ACK, 2, b"1|30")].concat(),
        Server::NAME,
    );
    drop((older, newer));
    assert_eq!(server.end(), stored(&[file]));
}

pub fn batches_after_a_rejected_one_are_rejected<Server: StoppableRuntime>() {
    let server = RunningServer::in_memory::<Server>(2);
    let file = File::invented(1, 20);
    let lines = file.lines();
    let mut wrong = lines[10..].to_vec();
    wrong[3][3] = "1980-02-31";
    let mut raw = open::<Server>(&server, 1, &welcome(1, 0, 1024, &[]));
    raw.send(&[batch(1, &lines[..10]), batch(1, &wrong), batch(1, &lines[10..])].concat());
    receives(&mut raw, &packet(BATCH_ACK, 1, b"1|10"), Server::NAME);
    let rejected = said(BATCH_ACK, &raw.receive_packet());
    assert!(rejected.starts_with("0|10|malformed: bet 4: birthdate: "), "{rejected}");
    let behind = said(BATCH_ACK, &raw.receive_packet());
    assert!(behind.starts_with("0|10|"), "{behind}");
    drop(raw);
    let mut raw = open::<Server>(&server, 1, &welcome(1, 0, 1024, &lines[..10]));
    raw.send(&batch(1, &lines[10..]));
    receives(&mut raw, &packet(BATCH_ACK, 1, b"1|20"), Server::NAME);
    drop(raw);
    assert_eq!(server.end(), stored(&[file]));
}

pub fn a_long_list_of_winners_takes_several_packets<Server: StoppableRuntime>() {
    let server = RunningServer::in_memory::<Server>(1);
    let file = File::winning(1, 1000);
    let mut raw = open::<Server>(&server, 1, &welcome(1, 0, 1024, &[]));
    for (nth, lines) in (1..).zip(file.lines().chunks(100)) {
        raw.send(&batch(1, lines));
        assert_eq!(said(BATCH_ACK, &raw.receive_packet()), format!("1|{}", nth * 100));
    }
    raw.send(&[packet(FINISHED, 1, b""), packet(WINNER, 1, b"2")].concat());
    receives(&mut raw, &packet(BATCH_ACK, 1, b"1|1000"), Server::NAME);
    // A packet may end before it is full, but never within a document.
    let (mut documents, mut packets) = (Vec::new(), 0);
    loop {
        let text = said(WINNER, &raw.receive_packet());
        packets += 1;
        documents.extend(text[1..].split('|').map(str::to_owned));
        if !text.starts_with('2') {
            assert!(text.starts_with('1'), "{text}");
            break;
        }
    }
    assert_eq!((documents, packets), (file.winners(), 2));
    drop(raw);
    server.end();
}

pub fn a_wrong_hello_is_rejected<Server: StoppableRuntime>() {
    let server = RunningServer::in_memory::<Server>(2);
    for (hello, code) in [
        (block(HELLO, 1, b"2"), "unsupported-version|"),
        (hello(3, ""), "unknown-agency|"),
        (hello(0, ""), "malformed|"),
        (hello(1, "x"), "malformed|"),
        (block(HELLO, 2, b"3|1|"), "agency-mismatch|"),
    ] {
        let mut raw = Raw::connect(server.address);
        raw.send(&hello);
        let answer = said(ERROR, &raw.receive_all());
        assert!(answer.starts_with(code), "{answer}");
    }
    server.end();
}

/// Accepts a client's connection, which must begin with Hello.
fn accept(listener: &TcpListener, agency: u32, total: usize) -> Raw {
    let mut raw = Raw::over(listener.accept().expect("the client connects").0);
    receives(&mut raw, &hello(agency, total), agency);
    raw
}

fn call<Client: StoppableRuntime>(listener: &TcpListener, file: &File) -> RunningClient<LotteryClient> {
    let address = listener.local_addr().expect("a listener has an address");
    let mut job = job(address, Dialect::SESSION, file.agency);
    job.batch_max = Some(20);
    RunningClient::start::<Client>(LotteryClient::new(job, file.bets()))
}

pub fn a_client_resumes_where_the_server_is<Client: StoppableRuntime>() {
    for cut in Cut::ALL {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let file = File::invented(7, 55);
        let lines = file.lines();
        let client = call::<Client>(&listener, &file);
        // The first server dies when it has seen two batches and acknowledged one.
        let mut raw = accept(&listener, 7, 55);
        raw.send_cut(&welcome(7, 0, 2, &lines[..5]), cut);
        receives(&mut raw, &[batch(7, &lines[5..25]), batch(7, &lines[25..45])].concat(), cut);
        raw.send_cut(&packet(BATCH_ACK, 7, b"1|25"), cut);
        receives(&mut raw, &batch(7, &lines[45..]), cut);
        raw.vanish();
        // The second batch was stored as well.
        let mut raw = accept(&listener, 7, 55);
        raw.send_cut(&welcome(7, 0, 2, &lines[..45]), cut);
        receives(&mut raw, &[batch(7, &lines[45..]), packet(FINISHED, 7, b"")].concat(), cut);
        raw.send_cut(&[packet(BATCH_ACK, 7, b"1|55"), packet(BATCH_ACK, 7, b"1|55")].concat(), cut);
        receives(&mut raw, &packet(WINNER, 7, b"2"), cut);
        raw.send_cut(&[packet(WINNER, 7, b"230|31"), packet(WINNER, 7, b"132")].concat(), cut);
        assert_eq!(client.winners(), ["30", "31", "32"], "{cut:?}");
    }
}

pub fn a_client_sends_nothing_to_a_server_with_other_bets<Client: StoppableRuntime>() {
    let file = File::invented(7, 55);
    let other = File::invented(8, 10);
    for (stored, finished) in [(other.lines(), 0), (file.lines()[..54].to_vec(), 1)] {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let client = call::<Client>(&listener, &file);
        let mut raw = accept(&listener, 7, 55);
        raw.send(&welcome(7, finished, 1024, &stored));
        assert_eq!(raw.receive_all(), b"");
        let outcome = client.outcome();
        assert!(matches!(outcome, Err(ClientError::OtherBets { .. })), "{outcome:?}");
    }
}

pub fn an_agency_over_255_has_a_session_with_a_server<Server: StoppableRuntime>() {
    let server = RunningServer::in_memory::<Server>(300);
    let file = File::invented(300, 55);
    let lines = file.lines();
    let mut raw = Raw::connect(server.address);
    raw.send(&[hello(300, 55), batch(300, &lines[..20]), batch(300, &lines[20..])].concat());
    let acknowledged = [packet(BATCH_ACK, 300, b"1|20"), packet(BATCH_ACK, 300, b"1|55")];
    receives(&mut raw, &[welcome(300, 0, 1024, &[]), acknowledged.concat()].concat(), Server::NAME);
    // The low byte of 300 is another agency.
    raw.send(&batch(44, &lines[..1]));
    assert!(said(ERROR, &raw.receive_all()).starts_with("agency-mismatch|"));
    assert_eq!(server.end(), stored(&[file]));
}

pub fn an_agency_over_255_has_a_session_with_a_client<Client: StoppableRuntime>() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    let file = File::invented(99_999, 20);
    let client = call::<Client>(&listener, &file);
    let mut raw = accept(&listener, 99_999, 20);
    raw.send(&welcome(99_999, 0, 2, &[]));
    let sent = [batch(99_999, &file.lines()), packet(FINISHED, 99_999, b"")].concat();
    receives(&mut raw, &sent, Client::NAME);
    raw.send(&[packet(BATCH_ACK, 99_999, b"1|20"), packet(BATCH_ACK, 99_999, b"1|20")].concat());
    receives(&mut raw, &packet(WINNER, 99_999, b"2"), Client::NAME);
    raw.send(&packet(WINNER, 99_999, b"130"));
    assert_eq!(client.winners(), ["30"]);
}
