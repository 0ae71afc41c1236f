//! One connection goes wrong; the others do not notice, and nothing of a broken batch is stored.

use crate::StoppableRuntime;
use crate::agency_files::{File, stored};
use crate::client::RunningClient;
use crate::dialects::codec;
use crate::raw::Raw;
use crate::server::RunningServer;
use crate::time_limits::until;
use lottery_core::client::LotteryClient;

pub fn broken_peers_disturb_no_other<Server: StoppableRuntime, Client: StoppableRuntime>() {
    for &dialect in crate::PLAIN {
        let codec = codec(dialect);
        let files: Vec<File> = (1..=3).map(|agency| File::invented(agency, 300)).collect();
        let server = RunningServer::in_memory::<Server>(3);
        let start = |file| RunningClient::<LotteryClient>::agency::<Client>(server.address, dialect, file);

        // Broken peers name agencies that exist; the bets that they send are in no file.
        let foreign = File::winning(3, 60);
        let batch = codec.batch(3, &foreign.lines());
        let (half, _) = batch.split_at(batch.len() / 2);
        let mut broken: Vec<Raw> = (0..4).map(|_| Raw::connect(server.address)).collect();
        for peer in &mut broken {
            peer.send(half);
        }
        let mut garbage = Raw::connect(server.address);
        garbage.send(&codec.garbage());

        let first = start(&files[0]);
        let second = start(&files[1]);
        let told = codec.text_of(&garbage.receive_all());
        assert!(told.is_some(), "{dialect}: garbage is answered with what is wrong, and an end");
        let mut truncated = broken.pop().expect("there are four");
        truncated.fin();
        assert_eq!(truncated.receive_all(), b"", "{dialect}: a truncated batch is answered with an end");
        broken.pop().expect("there are three").vanish();
        let mut gone = broken.pop().expect("there are two");
        gone.send(&half[..7]);
        drop(gone);
        assert!(!first.has_ended() && !second.has_ended(), "{dialect}: both wait for the third");

        let third = start(&files[2]);
        for (agency, file) in [first, second, third].into_iter().zip(&files) {
            assert_eq!(agency.winners(), file.winners(), "{dialect}, agency {}", file.agency);
        }
        drop(garbage);
        // The last one is still in the middle of its batch.
        broken.pop().expect("there is one").vanish();
        let rows = server.end();
        assert!(rows == stored(&files), "{dialect}: the files, and nothing else");
    }
}

pub fn replies_to_vanished_peers_are_dropped<Server: StoppableRuntime, Client: StoppableRuntime>() {
    for &dialect in crate::PLAIN {
        let codec = codec(dialect);
        let file = File::invented(1, 20);
        let server = RunningServer::in_memory::<Server>(1);
        // Peers that have sent all, and are gone before the replies come.
        for _ in 0..20 {
            let mut peer = Raw::connect(server.address);
            peer.send(&codec.probe(1).repeat(20));
            peer.vanish();
        }
        let agency = RunningClient::<LotteryClient>::agency::<Client>(server.address, dialect, &file);
        until("the agency is done", || agency.has_ended());
        assert_eq!(agency.winners(), file.winners(), "{dialect}");
        assert!(server.end() == stored(&[file]), "{dialect}: the file, and nothing else");
    }
}
