//! A whole lottery in one process: a server that `lottery-core` assembles, with a store in memory, on the
//! runtime of `std`, and three clients that play against it.
//!
//! `cargo run -p examples --bin lottery_in_memory`

use std::error::Error;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::sync::Arc;
use std::thread;

use lottery_core::agency_file::AgencyFile;
use lottery_core::client::{ClientError, Job, LotteryClient};
use lottery_core::lottery::Lottery;
use lottery_core::store::{MemoryStore, Rules, Store as _};
use lottery_proto::{AgencyId, ClientConfig, Dialect};
use lottery_runtime::RunClient as _;
use runtime_std::Std;

/// Plays for an agency with ten bets, of which two win, and returns the documents of its winners.
fn play(agency: AgencyId, server: SocketAddr) -> Result<Vec<String>, ClientError> {
    let bet = |nth| {
        let number = if nth % 5 == 2 { 7574 } else { nth };
        format!("Ana,Paz,{agency}000000{nth},1980-01-31,{number}\n")
    };
    let file = (0..10).map(bet).collect::<String>();
    let bets = AgencyFile::parse(Path::new("agency.csv"), file.as_bytes())?;
    let job =
        Job::new(ClientConfig::new(agency, Dialect::SESSION).expect("valid settings"), server.to_string());
    let mut client = LotteryClient::new(job, Arc::new(bets));
    Std.run_client(&mut client)
        .map_err(|error| ClientError::Connect { server: server.to_string(), error })?;
    client.into_outcome()
}

fn main() -> Result<(), Box<dyn Error>> {
    let rules = Rules { agencies: 3, winning_number: 7574 };
    let lottery = Lottery::builder(rules).store(MemoryStore::new()).build()?;
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let (address, stop) = (listener.local_addr()?, lottery.stop());
    let server = thread::spawn(move || lottery.serve(&Std, listener));

    // The draw takes place once all three have sent their bets.
    let agencies = (1..=rules.agencies).filter_map(AgencyId::new);
    let clients: Vec<_> =
        agencies.map(|agency| (agency, thread::spawn(move || play(agency, address)))).collect();
    for (agency, client) in clients {
        let winners = client.join().map_err(|_| "a client panicked")??;
        println!("agency {agency}: winners: {}", winners.join(" "));
    }

    stop.stop();
    let ended = server.join().map_err(|_| "the server panicked")??;
    ended.served?;
    let mut bets = 0;
    ended.committed?.read(&mut |rows| bets += rows.lines().count())?;
    println!("{bets} bets are stored");
    Ok(())
}
