//! Lottery in which all agencies connect at once.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use lottery_core::agency_file::AgencyFile;
use lottery_core::client::{Job, LotteryClient};
use lottery_proto::{AgencyId, ClientConfig, Dialect};
use lottery_runtime::channel;
use tokio::task::JoinSet;
use tokio::time::timeout;

/// Bets that each agency sends: a small batch. The second bet wins.
const BETS: &str = "\
Ana,Paz,20000001,1980-01-01,1
Eva,Sosa,20000002,1999-12-31,7574
Luis,Castro,20000003,1975-06-15,2
Rosa,Vega,20000004,2000-02-29,3
José,Muñoz,20000005,1961-11-30,4
";
const WINNERS: [&str; 1] = ["20000002"];
/// Longest time that the next agency may take to finish.
const PATIENCE: Duration = Duration::from_secs(120);

/// Holds a lottery of `agencies` agencies in that dialect. Returns the time from the first connection to the
/// last winners list.
///
/// Agencies run the client program's code, in one thread. In dialects in which a client has to ask again for
/// the winners, it pauses 20 ms at first and 100 ms at most.
pub(crate) fn hold(server: SocketAddr, dialect: Dialect, agencies: u32) -> Duration {
    let bets = Arc::new(AgencyFile::parse(Path::new("agency.csv"), BETS.as_bytes()).expect("valid bets"));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let mut working = JoinSet::new();
        let start = Instant::now();
        for id in (1..=agencies).filter_map(AgencyId::new) {
            let job = Job {
                connection: ClientConfig::new(id, dialect).expect("valid settings"),
                server: server.to_string(),
                batch_max: None,
                poll_initial: Duration::from_millis(20),
                poll_max: Duration::from_millis(100),
                connect_timeout: Duration::from_secs(5),
                retry_for: Duration::from_secs(60),
                seed: id.get().into(),
            };
            let mut agency = LotteryClient::new(job, Arc::clone(&bets));
            working.spawn(async move {
                // Nothing is sent: the agency runs to its end.
                let (_sender, mail) = channel();
                runtime_tokio::run_client(&mut agency, &mail).await;
                agency.into_outcome()
            });
        }
        while let Some(ended) = timeout(PATIENCE, working.join_next()).await.expect("it does not take long") {
            let winners = ended.expect("no agency panics").expect("each gets its winners");
            assert_eq!(winners, WINNERS, "the agency's own winners");
        }
        start.elapsed()
    })
}
