//! What other programs have said, said again: our centre answers it as theirs did, our agency says the same.

use std::net::{Ipv4Addr, TcpListener};

use conformance::agencies::{Calling, job};
use conformance::centre::{Running, Terms};
use conformance::files::{File, stored};
use conformance::memory::{Conn, StillAgency, StillCentre};
use conformance::patience::{SOON, Task};
use conformance::pieces::Cut;
use conformance::raw::Raw;
use conformance::replay::{Next, Replay, play_centre};
use conformance::transcript::{Said, Transcript};
use conformance::wire::wire;
use conformance::{OnRuntime, on_every_client, on_every_server};
use lottery_core::agency::Agency;
use lottery_core::store::MemoryStore;
use lottery_proto::Dialect;

fn the_centre_answers_as_recorded<Server: OnRuntime>() {
    for (&dialect, cut) in Dialect::ALL.iter().flat_map(|dialect| Cut::ALL.map(|cut| (dialect, cut))) {
        let recorded = Transcript::read(dialect);
        let centre = Running::start::<Server>(&Terms::new(recorded.agencies), MemoryStore::new());
        let address = centre.address;
        let agencies: Vec<_> = recorded
            .connections
            .iter()
            .map(|said| Replay::new(dialect, said))
            .map(|replay| Task::start("a recorded agency", move || replay.play(address, cut)))
            .collect();
        for agency in agencies {
            agency.join(SOON);
        }
        assert!(centre.end() == stored(&recorded.files()), "{dialect}, {cut:?}: every bet, in order");
    }
}

fn the_agency_says_what_was_recorded<Client: OnRuntime>() {
    for (&dialect, cut) in Dialect::ALL.iter().flat_map(|dialect| Cut::ALL.map(|cut| (dialect, cut))) {
        let recorded = Transcript::read(dialect);
        let files = recorded.files();
        for said in recorded.connections {
            let file = file_of(dialect, &files, &said);
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
            let address = listener.local_addr().expect("a listener has an address");
            let agency = Calling::<Agency>::agency::<Client>(address, dialect, file);
            let (stream, _) = listener.accept().expect("the agency connects");
            play_centre(Raw::over(stream), &said, cut);
            assert_eq!(agency.winners(), file.winners(), "{dialect}, {cut:?}");
        }
    }
}

/// The file of the agency that sends the first message.
fn file_of<'a>(dialect: Dialect, files: &'a [File], said: &[Said]) -> &'a File {
    let Some(Said::Client(first)) = said.first() else { panic!("the agency speaks first") };
    let agency = wire(dialect).agency_of(first);
    files.iter().find(|file| file.agency == agency).expect("there is a file of each agency")
}

#[test]
fn the_centre_without_sockets_answers_as_recorded() {
    for (&dialect, cut) in Dialect::ALL.iter().flat_map(|dialect| Cut::ALL.map(|cut| (dialect, cut))) {
        let recorded = Transcript::read(dialect);
        let mut centre = StillCentre::new(&Terms::new(recorded.agencies));
        let replay = |said: &Vec<_>| Some((Replay::new(dialect, said), centre.accept()));
        let mut agencies: Vec<Option<(Replay, Conn)>> = recorded.connections.iter().map(replay).collect();
        // Each in turn goes as far as it can until it is told to ask again later.
        while agencies.iter().any(Option::is_some) {
            for slot in &mut agencies {
                while let Some((mut replay, mut conn)) = slot.take() {
                    let (bytes, again) = match replay.next_move() {
                        Next::Send(bytes) => (bytes, false),
                        Next::SendAgain(bytes) => (bytes, true),
                        Next::Receive => panic!("{dialect}, {cut:?}: an answer is missing"),
                        Next::Fin => {
                            assert_eq!(centre.fin(conn), b"", "nothing but the end");
                            break;
                        }
                    };
                    replay.receive(&centre.receive(&mut conn, &bytes, cut));
                    *slot = Some((replay, conn));
                    if again {
                        break;
                    }
                }
            }
        }
    }
}

#[test]
fn the_agency_without_sockets_says_what_was_recorded() {
    for (&dialect, cut) in Dialect::ALL.iter().flat_map(|dialect| Cut::ALL.map(|cut| (dialect, cut))) {
        let recorded = Transcript::read(dialect);
        let files = recorded.files();
        for said in recorded.connections {
            let file = file_of(dialect, &files, &said);
            let address = (Ipv4Addr::LOCALHOST, 1).into();
            let agency = Agency::new(job(address, dialect, file.agency), file.bets());
            let mut agency = StillAgency::connect(agency);
            let mut sent = agency.sent();
            for said in &said {
                match said {
                    Said::Client(expected) => {
                        if sent.is_empty() {
                            agency.wait();
                            sent = agency.sent();
                        }
                        let rest = sent.split_off(expected.len());
                        assert_eq!(Said::Client(sent), Said::Client(expected.clone()), "{dialect}, {cut:?}");
                        sent = rest;
                    }
                    Said::Server(message) => {
                        agency.receive(message, cut);
                        sent.extend(agency.sent());
                    }
                    Said::ClientEof | Said::ServerEof => assert_eq!(sent, b"", "nothing but the end"),
                }
            }
            let outcome = agency.fin().into_outcome();
            assert_eq!(outcome.expect("it gets its winners"), file.winners(), "{dialect}, {cut:?}");
        }
    }
}

on_every_server!(the_centre_answers_as_recorded);
on_every_client!(the_agency_says_what_was_recorded);
