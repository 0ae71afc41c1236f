//! The same bytes from every runtime, for the same input, whatever the pieces in which it comes.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::thread;

use conformance::agencies::{Calling, job};
use conformance::centre::{Running, Terms, rows};
use conformance::files::{File, stored};
use conformance::memory::{StillAgency, StillCentre};
use conformance::pieces::Cut;
use conformance::raw::Raw;
use conformance::replay::play_centre;
use conformance::transcript::Said;
use conformance::wire::wire;
use conformance::{OnRuntime, on_every_client, on_every_server};
use lottery_core::agency::Agency;
use lottery_proto::Dialect;

/// Two connections of agency 1, all that it sends on each.
struct Script {
    first: Vec<u8>,
    second: Vec<u8>,
    /// What is stored of the first, and of the second.
    file: File,
}

/// Batches of which one is bad, so that Finished does not count; then, anew, batches that are all good.
fn script(dialect: Dialect) -> Script {
    let wire = wire(dialect);
    let file = File::invented(1, 200);
    let lines = file.lines();
    let bad = [lines[0], ["José", "Núñez", "12a", "1980-01-01", "1"], lines[1]];
    let [first, second, third, fourth] =
        [&lines[..3], &lines[3..103], &lines[103..104], &lines[104..]].map(|lines| wire.batch(1, lines));
    let (bad, finished, query) = (wire.batch(1, &bad), wire.finished(1), wire.query(1));
    Script {
        first: [&first[..], &second, &bad, &finished, &query].concat(),
        second: [&third[..], &fourth, &finished, &query, &finished, &query].concat(),
        file: file.clone(),
    }
}

/// What must be answered to it.
fn answers(dialect: Dialect, file: &File) -> [Vec<u8>; 2] {
    let wire = wire(dialect);
    let (no, yes) = (wire.receipt(1, false), wire.receipt(1, true));
    let winners = wire.winners(1, &file.winners());
    [[no, wire.pending(1)].concat(), [&yes[..], &winners, &yes, &winners].concat()]
}

fn ask(centre: SocketAddr, bytes: &[u8], cut: Cut) -> Vec<u8> {
    let mut peer = Raw::connect(centre);
    peer.send_cut(bytes, cut);
    peer.fin();
    peer.receive_all()
}

fn a_script_gets_the_same_answers<Server: OnRuntime>() {
    for (&dialect, cut) in Dialect::ALL.iter().flat_map(|dialect| Cut::ALL.map(|cut| (dialect, cut))) {
        let script = script(dialect);
        let centre = Running::in_memory::<Server>(1);
        let answered = [&script.first, &script.second].map(|bytes| ask(centre.address, bytes, cut));
        assert!(answered == answers(dialect, &script.file), "{dialect}, {cut:?}: the same answers");
        assert!(centre.end() == stored(&[script.file]), "{dialect}, {cut:?}: every good bet, in order");
    }
}

#[test]
fn a_script_gets_the_same_answers_without_sockets() {
    for (&dialect, cut) in Dialect::ALL.iter().flat_map(|dialect| Cut::ALL.map(|cut| (dialect, cut))) {
        let script = script(dialect);
        let mut centre = StillCentre::new(&Terms::new(1));
        let answered = [&script.first, &script.second].map(|bytes| {
            let mut conn = centre.accept();
            let mut answers = centre.receive(&mut conn, bytes, cut);
            answers.extend(centre.fin(conn));
            answers
        });
        assert!(answered == answers(dialect, &script.file), "{dialect}, {cut:?}: the same answers");
        assert!(rows(centre.store()) == stored(&[script.file]), "{dialect}, {cut:?}: every good bet");
    }
}

/// What an agency and a centre say to each other when there is nothing but the machines.
fn conversation(dialect: Dialect, file: &File) -> Vec<Said> {
    let mut centre = StillCentre::new(&Terms::new(1));
    let mut conn = centre.accept();
    let mut agency = StillAgency::connect(agency(dialect, file, (Ipv4Addr::LOCALHOST, 1).into()));
    let mut said = Vec::new();
    loop {
        let sent = agency.sent();
        if sent.is_empty() {
            break;
        }
        said.push(Said::Client(sent.clone()));
        let answer = centre.receive(&mut conn, &sent, Cut::Nowhere);
        if !answer.is_empty() {
            said.push(Said::Server(answer.clone()));
            agency.receive(&answer, Cut::Nowhere);
        }
    }
    assert_eq!(agency.fin().into_outcome().expect("it gets its winners"), file.winners());
    said.push(Said::ClientEof);
    said
}

fn agency(dialect: Dialect, file: &File, centre: SocketAddr) -> Agency {
    let mut job = job(centre, dialect, 1);
    job.batch_max = Some(40);
    Agency::new(job, file.bets())
}

fn an_agency_sends_the_same_bytes<Client: OnRuntime>() {
    for (&dialect, cut) in Dialect::ALL.iter().flat_map(|dialect| Cut::ALL.map(|cut| (dialect, cut))) {
        let file = File::invented(1, 500);
        let said = conversation(dialect, &file);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let address = listener.local_addr().expect("a listener has an address");
        let agency = Calling::start::<Client>(agency(dialect, &file, address));
        let (stream, _) = listener.accept().expect("the agency connects");
        play_centre(Raw::over(stream), &said, cut);
        assert_eq!(agency.winners(), file.winners(), "{dialect}, {cut:?}");
    }
}

/// Answers are read while bytes are still being sent: neither side waits for the other.
fn a_peer_that_asks_for_more_than_it_reads<Server: OnRuntime>() {
    for &dialect in Dialect::ALL {
        let wire = wire(dialect);
        let centre = Running::in_memory::<Server>(2);
        let mut peer = Raw::connect(centre.address);
        let mut reader = Raw(peer.0.try_clone().expect("a second handle"));
        let asking = thread::spawn(move || {
            for _ in 0..2000 {
                peer.send(&wire.query(1));
            }
            peer.fin();
        });
        assert!(reader.receive_all() == wire.pending(1).repeat(2000), "{dialect}: an answer to each");
        asking.join().expect("all was taken");
        centre.end();
    }
}

#[test]
fn the_cuttings_lose_nothing() {
    let bytes = File::invented(1, 50).text.into_bytes();
    for cut in Cut::ALL {
        assert!(cut.pieces(&bytes).concat() == bytes);
    }
    let words = "Ñandú 美".as_bytes();
    let pieces = Cut::InCharacters.pieces(words);
    assert_eq!(pieces, [&b"\xC3"[..], b"\x91and\xC3", b"\xBA \xE7", b"\xBE", b"\x8E"]);
}

on_every_server!(a_script_gets_the_same_answers, a_peer_that_asks_for_more_than_it_reads);
on_every_client!(an_agency_sends_the_same_bytes);
