//! Every server runtime with every client runtime: five agencies get their winners, and every bet is stored.

use crate::StoppableRuntime;
use crate::agency_files::{File, stored};
use crate::client::RunningClient;
use crate::server::{RunningServer, ServerSettings};
use lottery_core::client::LotteryClient;
use lottery_core::store::{MemoryStore, Store};
use lottery_proto::Dialect;
use lottery_store::LogStore;

fn files() -> Vec<File> {
    [300, 257, 1, 0, 421].into_iter().zip(1..).map(|(bets, agency)| File::invented(agency, bets)).collect()
}

fn play<Server: StoppableRuntime, Client: StoppableRuntime>(dialect: Dialect, store: impl Store + 'static) {
    let files = files();
    let server = RunningServer::start::<Server>(&ServerSettings::new(5), store);
    let agencies: Vec<_> = files
        .iter()
        .map(|file| RunningClient::<LotteryClient>::agency::<Client>(server.address, dialect, file))
        .collect();
    for (agency, file) in agencies.into_iter().zip(&files) {
        assert_eq!(agency.winners(), file.winners(), "{dialect}, agency {}", file.agency);
    }
    let mut expected = stored(&files);
    expected.retain(|_, lines| !lines.is_empty());
    assert!(server.end() == expected, "{dialect}: every bet, in order");
}

pub fn every_agency_gets_its_winners<Server: StoppableRuntime, Client: StoppableRuntime>() {
    for &dialect in Dialect::WITH_WINNERS {
        play::<Server, Client>(dialect, MemoryStore::new());
    }
}

pub fn every_bet_is_on_disk<Server: StoppableRuntime>() {
    for &dialect in Dialect::WITH_WINNERS {
        let directory = tempfile::tempdir().expect("a directory");
        let store = LogStore::open(directory.path()).expect("an empty store");
        play::<Server, Server>(dialect, store);
        let csv = std::fs::read_to_string(directory.path().join("bets.csv")).expect("bets.csv is there");
        assert_eq!(csv.lines().count(), 979, "{dialect}: bets.csv holds every bet");
    }
}
