//! One draw of five agencies, each in another dialect.

use std::net::SocketAddr;
use std::thread;
use std::time::Duration;

use crate::StoppableRuntime;
use crate::agency_files::{File, stored};
use crate::client::RunningClient;
use crate::dialects::codec;
use crate::raw::Raw;
use crate::server::RunningServer;
use crate::time_limits::{SOON, Task};
use lottery_core::client::LotteryClient;
use lottery_proto::Dialect;

/// Plays an agency that sends its bets in one dialect, and asks in another until it gets its winners.
fn in_two_dialects(server: SocketAddr, file: &File, bets: Dialect, question: Dialect) {
    let id = file.agency;
    let (bets, asks) = (codec(bets), codec(question));
    let mut peer = Raw::connect(server);
    for lines in file.lines().chunks(90) {
        peer.send(&bets.batch(id, lines));
        assert_eq!(peer.receive(bets.batch_stored().len()), bets.batch_stored());
    }
    // Where Finished is also the winners query, another dialect has to send it.
    let ends = if bets.finished(id) == bets.query(id) { asks } else { bets };
    if bets.finished(id) == bets.query(id) {
        peer = Raw::connect(server);
    }
    peer.send(&ends.finished(id));
    assert!(peer.receive(ends.receipt(id).len()) == ends.receipt(id), "all is stored");
    drop(peer);
    loop {
        let mut peer = Raw::connect(server);
        peer.send(&asks.query(id));
        peer.fin();
        let answer = peer.receive_all();
        if !asks.is_pending(&answer) {
            assert!(answer == asks.winners(id, &file.winners()), "{bets:?}, then {asks:?}");
            return;
        }
        thread::sleep(Duration::from_millis(5));
    }
}

pub fn agencies_of_several_dialects_share_a_draw<Server: StoppableRuntime, Client: StoppableRuntime>() {
    let two = [
        (Dialect::BLOCK, Dialect::FIXED),
        (Dialect::FIXED, Dialect::BRACES),
        (Dialect::FRAMED, Dialect::BLOCK),
        (Dialect::BRACES, Dialect::FIXED),
    ];
    for (nth, (bets, question)) in two.into_iter().enumerate() {
        let amounts = [300, 257, 120, 421, 333];
        let files: Vec<File> =
            amounts.into_iter().zip(1..).map(|(bets, agency)| File::invented(agency, bets)).collect();
        let server = RunningServer::in_memory::<Server>(5);
        let address = server.address;
        let file = files[4].clone();
        let fifth = Task::start("the fifth agency", move || in_two_dialects(address, &file, bets, question));
        // The other agencies rotate their dialects.
        let mut dialects = crate::PLAIN.to_vec();
        dialects.rotate_left(nth);
        let agencies: Vec<_> = files
            .iter()
            .zip(&dialects)
            .map(|(file, &dialect)| RunningClient::<LotteryClient>::agency::<Client>(address, dialect, file))
            .collect();
        for ((agency, file), dialect) in agencies.into_iter().zip(&files).zip(dialects) {
            assert_eq!(agency.winners(), file.winners(), "{dialect}, agency {}", file.agency);
        }
        fifth.join(SOON);
        assert!(server.end() == stored(&files), "every bet, in order");
    }
}
