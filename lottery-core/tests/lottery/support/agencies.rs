//! Clients of every dialect, and bets that every dialect can carry.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use lottery_core::agency_file::AgencyFile;
use lottery_core::client::{Job, LotteryClient};
use lottery_proto::{AgencyId, ClientConfig, Dialect};

use crate::support::Fields;

/// Returns bets that every dialect can carry.
pub(crate) fn sendable_bets(agency: u32, count: u32) -> Vec<Fields> {
    let mut bets = crate::support::bets(agency, 0, count);
    for bet in &mut bets {
        "Ñandú Paz".clone_into(&mut bet[1]);
    }
    bets
}

pub(crate) fn agency(agency: u32, dialect: Dialect, bets: &[Fields]) -> LotteryClient {
    agency_with(job_on(agency, dialect), bets)
}

pub(crate) fn agency_with(job: Job, bets: &[Fields]) -> LotteryClient {
    let mut file = csv::Writer::from_writer(Vec::new());
    for bet in bets {
        file.write_record(bet).unwrap();
    }
    let list = AgencyFile::parse(Path::new("agency.csv"), &file.into_inner().unwrap()).unwrap();
    LotteryClient::new(job, Arc::new(list))
}

pub(crate) fn job_on(agency: u32, dialect: Dialect) -> Job {
    Job {
        connection: ClientConfig::new(AgencyId::new(agency).unwrap(), dialect).unwrap(),
        server: "server:1".to_owned(),
        batch_max: None,
        poll_initial: Duration::from_secs(1),
        poll_max: Duration::from_secs(8),
        connect_timeout: Duration::from_secs(5),
        retry_for: Duration::from_secs(10),
        seed: 1,
    }
}

pub(crate) fn connection(dialect: Dialect) -> ClientConfig {
    ClientConfig::new(AgencyId::new(1).unwrap(), dialect).unwrap()
}
