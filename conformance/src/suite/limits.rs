//! Limits: connections beyond the maximum, and winners that no reply can carry.

use std::io::Write;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use crate::StoppableRuntime;
use crate::agency_files::File;
use crate::client::{RunningClient, job};
use crate::dialects::codec;
use crate::raw::Raw;
use crate::server::{RunningServer, ServerSettings};
use crate::time_limits::until;
use lottery_core::client::{ClientError, Job, LotteryClient};
use lottery_core::store::MemoryStore;
use lottery_proto::Dialect;
use lottery_testkit::log::Lines;

/// One connection beyond the maximum is rejected with a clean end; the others do not notice.
pub fn a_connection_beyond_the_limit_is_rejected<Server: StoppableRuntime>() {
    for &dialect in crate::PLAIN {
        let codec = codec(dialect);
        let mut terms = ServerSettings { max_connections: 3, ..ServerSettings::new(4) };
        let config = terms.config.to_builder().linger_timeout(Duration::from_millis(300));
        terms.config = config.build().unwrap();
        let server = RunningServer::start::<Server>(&terms, MemoryStore::new());
        let ask = |peer: &mut Raw, agency| {
            peer.send(&codec.probe(agency));
            peer.receive(codec.probed(agency).len()) == codec.probed(agency)
        };
        let mut served: Vec<Raw> = (0..3).map(|_| Raw::connect(server.address)).collect();
        for (peer, agency) in served.iter_mut().zip(1..) {
            if codec.has_one_answer() {
                // Connections of agencies keep their place.
                peer.send(&codec.batch(agency, &[]));
            } else {
                assert!(ask(peer, agency), "{dialect}: those within the limit are served");
            }
        }
        // One that sends nothing, one that has begun, and one that has sent much: those with a known dialect
        // are told.
        let (begun, words) = (&codec.probe(4)[..1], codec.failure("too many connections"));
        for (bytes, answer) in [(&[][..], &[][..]), (begun, &[]), (&codec.probe(4).repeat(20), &words)] {
            let mut rejected = Raw::connect(server.address);
            let sent = rejected.0.write_all(bytes);
            assert!(rejected.receive_all() == answer, "{dialect}: what is wrong, and a clean end");
            sent.expect("what was begun is read");
        }
        for (peer, agency) in served.iter_mut().zip(1..) {
            assert!(ask(peer, agency), "{dialect}: those within the limit are served on");
        }
        drop(served.pop());
        until("a new one is served", || {
            let mut peer = Raw::connect(server.address);
            peer.send(&codec.probe(4));
            let answer = peer.0.shutdown(std::net::Shutdown::Write).and_then(|()| peer.try_receive_all());
            answer.is_ok_and(|answer| answer == codec.probed(4))
        });
        drop(served);
        server.end();
    }
}

/// Where no place is left, the idlest connection that is no agency's makes room, wherever it is.
pub fn the_idlest_connection_makes_room<Server: StoppableRuntime>() {
    let codec = codec(Dialect::BRACES);
    let asks = |peer: &mut Raw, agency| {
        peer.send(&codec.probe(agency));
        assert!(
            peer.receive(codec.probed(agency).len()) == codec.probed(agency),
            "agency {agency} is served"
        );
    };
    for per_ip in [3, 1000] {
        let (all, per_ip) = if per_ip == 3 { (1000, 3) } else { (3, per_ip) };
        let terms =
            ServerSettings { max_connections: all, max_connections_per_ip: per_ip, ..ServerSettings::new(4) };
        let server = RunningServer::start::<Server>(&terms, MemoryStore::new());
        let mut agency = Raw::connect(server.address);
        asks(&mut agency, 1);
        let mut idle = [&b""[..], b"Q{AgencyI"].map(|begun| {
            let mut peer = Raw::connect(server.address);
            peer.send(begun);
            peer
        });
        std::thread::sleep(Duration::from_millis(400));
        let mut newer = Vec::new();
        for (nth, idle) in idle.iter_mut().enumerate() {
            newer.push(Raw::connect(server.address));
            asks(&mut newer[nth], 2);
            // A reset, if the peer had sent bytes that were not read.
            let end = idle.try_receive_all();
            assert!(end.as_ref().is_ok_and(Vec::is_empty) || end.is_err() && nth > 0, "{end:?}");
        }
        asks(&mut agency, 1);
        drop((agency, newer));
        server.end();
    }
}

/// An agency whose winners no reply of its dialect carries gets none of them, and the log says why.
pub fn a_list_that_no_reply_carries_is_not_shortened<Server: StoppableRuntime, Client: StoppableRuntime>() {
    // The number of winners identifies the log line of each test.
    static WINNERS: AtomicU32 = AtomicU32::new(1000);
    let lines = Lines::shared();
    let reason = "more winners than this dialect can carry in one answer";
    // More winners than fill a block; one that is wider than its column.
    for (dialect, wide) in [(Dialect::BLOCK, ""), (Dialect::FIXED, "Ana,Paz,200000001,1980-01-01,7574\n")] {
        let codec = codec(dialect);
        let winners = WINNERS.fetch_add(1, Ordering::Relaxed);
        let mut many = File::winning(1, winners);
        many.text += wide;
        let few = File::invented(2, 50);
        let server = RunningServer::in_memory::<Server>(2);
        // Bets in a dialect that carries them: in `framed` all that are stored can also be told.
        let sender = RunningClient::<LotteryClient>::agency::<Client>(server.address, Dialect::FRAMED, &many);
        let served = RunningClient::<LotteryClient>::agency::<Client>(server.address, dialect, &few);
        assert_eq!(sender.winners(), many.winners(), "{dialect}: elsewhere they are told");
        assert_eq!(served.winners(), few.winners(), "{dialect}: the other agency gets its winners");

        let mut peer = Raw::connect(server.address);
        peer.send(&codec.query(1));
        assert!(peer.receive_all() == codec.failure(reason), "{dialect}: what is wrong, and a clean end");
        drop(peer);
        let job = Job { retry_for: Duration::ZERO, ..job(server.address, dialect, 1) };
        let asking = RunningClient::start::<Client>(LotteryClient::new(job, File::invented(1, 0).bets()));
        match asking.outcome() {
            Err(ClientError::Closed { .. }) if dialect == Dialect::BLOCK => {}
            Err(ClientError::Rejected { reason: told, .. }) if told == reason => {}
            outcome => panic!("{dialect}: {outcome:?}"),
        }
        let cant = many.winners().len();
        let line = format!(
            "WARNING  action: consulta_ganadores | result: fail | ip: 127.0.0.1 | agency: 1 | \
             cant_ganadores: {cant} | reason: {reason}\n"
        );
        assert!(lines.holds(&line), "{dialect}: {line}");
        server.end();
    }
}
