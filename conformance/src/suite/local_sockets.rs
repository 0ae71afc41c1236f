//! Server at a socket in the file system: sockets are of any kind.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown};
use std::os::unix::net::{UnixListener, UnixStream};
use std::time::Duration;

use lottery_core::client::LotteryClient;
use lottery_core::committer::Rules;
use lottery_core::lottery::Lottery;
use lottery_proto::Dialect;
use lottery_runtime::listen_local;

use crate::StoppableRuntime;
use crate::agency_files::File;
use crate::client::{RunningClient, job};
use crate::dialects::codec;
use crate::server::rows;
use crate::time_limits::{SOON, Task};

/// Agencies at both kinds of sockets that a program can name.
pub fn an_agency_speaks_over_a_local_socket<Client: StoppableRuntime>() {
    let dir = tempfile::tempdir().expect("a directory");
    for (number, &dialect) in Dialect::WITH_WINNERS.iter().enumerate() {
        let path = dir.path().join(number.to_string());
        let (listener, file) = listen_local(&path, 8).expect("a free path");
        let lottery = Lottery::builder(Rules { agencies: 1, winning_number: 7574 });
        let lottery = lottery.build().expect("nothing is in the way");
        let stop = lottery.stop();
        let serving = Task::start("the server", move || lottery.serve(&Client::PROGRAM, listener));
        let bets = File::invented(1, 300);
        let mut job = job((Ipv4Addr::LOCALHOST, 1).into(), dialect, 1);
        job.server = format!("unix:{}", path.display());
        let agency = RunningClient::start::<Client>(LotteryClient::new(job, bets.bets()));
        assert_eq!(agency.winners(), bets.winners(), "{dialect}");
        stop.stop();
        serving.join(SOON).expect("it has served");
        drop(file);
        assert!(!path.exists(), "its file is gone");
    }
    let mut job = job((Ipv4Addr::LOCALHOST, 1).into(), Dialect::BLOCK, 1);
    job.server = format!("unix:{}/nobody", dir.path().display());
    job.retry_for = Duration::ZERO;
    let error =
        RunningClient::start::<Client>(LotteryClient::new(job, File::invented(1, 3).bets())).outcome();
    let error = error.expect_err("nobody listens").to_string();
    assert!(error.contains("/nobody: No such file or directory"), "{error}");
}

pub fn a_lottery_is_served_over_a_local_socket<Server: StoppableRuntime>() {
    let dir = tempfile::tempdir().expect("a directory");
    for (number, &dialect) in crate::PLAIN.iter().enumerate() {
        let codec = codec(dialect);
        let path = dir.path().join(number.to_string());
        let listener = UnixListener::bind(&path).expect("a free path");
        let lottery = Lottery::builder(Rules { agencies: 1, winning_number: 7574 });
        let lottery = lottery.build().expect("nothing is in the way");
        let stop = lottery.stop();
        let serving = Task::start("the server", move || lottery.serve(&Server::PROGRAM, listener));

        let said = |bytes: &[u8]| {
            let mut peer = UnixStream::connect(&path).expect("it listens");
            peer.write_all(bytes).expect("it reads");
            peer.shutdown(Shutdown::Write).expect("an end");
            let mut answer = Vec::new();
            peer.read_to_end(&mut answer).expect("a clean end");
            answer
        };
        assert_eq!(said(b"hola\n"), b"hola\n", "{dialect}");
        let bets = File::invented(1, 30);
        let answer = said(&codec.batch(1, &bets.lines()));
        assert_eq!(answer, codec.batch_stored(), "{dialect}");
        // A connection that is there when the server stops ends, too.
        let mut idle = UnixStream::connect(&path).expect("it listens");
        assert_eq!(said(b"hola\n"), b"hola\n", "{dialect}");
        stop.stop();
        let ended = serving.join(SOON).expect("it has served");
        assert_eq!(idle.read(&mut [0]).expect("a clean end"), 0, "{dialect}");
        let stored = rows(&ended.committed.expect("the store does not fail"));
        assert_eq!(stored.get(&1).map_or(0, Vec::len), 30, "{dialect}");
    }
}
