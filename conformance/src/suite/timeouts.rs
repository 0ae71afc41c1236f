//! Deadlines pass when nothing else happens: silent peers are closed, and a silent server is given up
//! (`docs/protocol.md#deadlines`).

use std::net::{Ipv4Addr, TcpListener};
use std::time::Duration;

use crate::StoppableRuntime;
use crate::agency_files::File;
use crate::client::{RunningClient, job};
use crate::dialects::codec;
use crate::raw::Raw;
use crate::server::{RunningServer, ServerSettings};
use crate::thin_line::thin_line;
use crate::time_limits::{SOON, TEST, Task};
use lottery_core::client::{ClientError, LotteryClient};
use lottery_core::store::MemoryStore;
use lottery_proto::{CloseReason, Dialect};

/// Longer than a busy machine takes from a connection to the first byte on it.
const SHORT: Duration = Duration::from_millis(600);

pub fn a_silent_peer_is_closed<Server: StoppableRuntime>() {
    for &dialect in crate::PLAIN {
        let codec = codec(dialect);
        let mut terms = ServerSettings::new(2);
        let config = terms.config.to_builder().idle_timeout(SHORT).message_timeout(SHORT * 2);
        terms.config = config.stall_timeout(SHORT).build().unwrap();
        let server = RunningServer::start::<Server>(&terms, MemoryStore::new());
        let batch = codec.batch(1, &File::invented(1, 30).lines());
        let silent = |sent: Vec<u8>, answer: Vec<u8>| {
            let mut peer = Raw::connect(server.address);
            Task::start("a silent peer", move || {
                peer.send(&sent);
                assert!(peer.receive_all() == answer, "its answers, what is wrong, and a clean end");
            })
        };
        // The deadline grows with the bytes of a message that have come.
        let half = batch[..40].to_vec();
        let idle = codec.failure("nothing was sent for too long");
        let incomplete = codec.failure("a message was not completed in time");
        let (probe, probed) = (codec.probe(1), codec.probed(1));
        // Peers that have had their only reply get no message about their silence.
        let after = |words: &[u8]| if codec.has_one_answer() { Vec::new() } else { words.to_vec() };
        let peers = [
            silent(Vec::new(), Vec::new()),
            silent(
                batch[..1].to_vec(),
                if dialect == Dialect::BLOCK { incomplete.clone() } else { Vec::new() },
            ),
            silent(half.clone(), incomplete.clone()),
            silent(probe.clone(), [&probed[..], &after(&idle)].concat()),
            silent([probe, half].concat(), [&probed[..], &after(&incomplete)].concat()),
        ];
        // A dialect with one reply has none that fills a socket.
        if codec.has_one_answer() {
            for peer in peers {
                peer.join(SOON);
            }
            server.end();
            continue;
        }
        let mut deaf = Raw::connect_narrow(server.address);
        deaf.send_until_full(&codec.costly(1).repeat(50));
        for peer in peers {
            peer.join(SOON);
        }
        // The peer takes nothing: there is no clean end for it.
        let ended = loop {
            match deaf.0.set_write_timeout(Some(SOON)).and_then(|()| std::io::Write::write(&mut deaf.0, b"?"))
            {
                Ok(_) => {}
                Err(error) => break error.kind(),
            }
        };
        assert_ne!(ended, std::io::ErrorKind::WouldBlock, "{dialect}: a peer that does not read is dropped");
        server.end();
    }
}

pub fn a_silent_server_is_given_up<Client: StoppableRuntime>() {
    for &dialect in crate::PLAIN {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let address = listener.local_addr().expect("a listener has an address");
        let mut job = job(address, dialect, 1);
        let connection = job.connection.to_builder().answer_timeout(SHORT);
        job.connection = connection.build().expect("valid settings");
        let agency = RunningClient::start::<Client>(LotteryClient::new(job, File::invented(1, 5).bets()));
        let (peer, _) = listener.accept().expect("the agency connects");
        let Err(ClientError::Closed { reason, .. }) = agency.outcome() else {
            panic!("{dialect}: nobody has answered")
        };
        assert_eq!(reason, CloseReason::NoAnswer, "{dialect}");
        drop(peer);
    }
}

/// The line takes longer for a batch than a reply may take. The server replies at once, when it has the
/// request.
pub fn a_thin_line_is_not_silence<Client: StoppableRuntime>() {
    let lines: Vec<_> = Dialect::WITH_WINNERS
        .iter()
        .map(|&dialect| {
            Task::start(format!("an agency on {dialect}"), move || {
                let server = RunningServer::in_memory::<Client>(1);
                let line = thin_line(server.address, 150, Duration::from_millis(25));
                let file = File::invented(1, 300);
                let mut job = job(line, dialect, 1);
                // Bytes that the line itself has buffered take a good half of a second, and a busy machine its time.
                let connection = job.connection.to_builder().answer_timeout(Duration::from_millis(3500));
                job.connection = connection.build().expect("valid settings");
                // No retry: nothing is sent twice.
                job.retry_for = Duration::ZERO;
                let agency = RunningClient::start::<Client>(LotteryClient::new(job, file.bets()));
                let winners = agency.join(SOON).into_outcome();
                assert_eq!(winners.expect("it gets its winners"), file.winners(), "{dialect}");
                server.end();
            })
        })
        .collect();
    for line in lines {
        line.join(TEST);
    }
}
