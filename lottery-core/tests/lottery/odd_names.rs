//! Names that a spreadsheet would take for formulas, or with invisible characters: from an agency file to the
//! rows of the store they stay as they are, in every dialect.

use std::path::Path;
use std::sync::Arc;

use lottery_core::agency_file::AgencyFile;
use lottery_core::client::LotteryClient;
use lottery_proto::{AgencyId, ClientConfig, Dialect};

use crate::support::calls::Calls;
use crate::support::world::job;

const ODD: [&str; 7] = ["=1+1", "@A1", "+54 11", "-Ana", "علی\u{200c}رضا", "Ana\u{202e}zaP", "\u{feff}Ana"];

#[test]
fn odd_names_are_stored_as_in_the_agency_file() {
    let mut calls = Calls::new(5, "");
    for (agency, dialect) in (1..).zip(Dialect::WITH_WINNERS) {
        let file: String = ODD.map(|name| format!("{name},{name},20000001,1980-01-31,1\n")).concat();
        let list = AgencyFile::parse(Path::new("agency.csv"), file.as_bytes()).unwrap();
        let mut job = job(agency);
        job.connection = ClientConfig::new(AgencyId::new(agency).unwrap(), *dialect).unwrap();
        calls.client(1, LotteryClient::new(job, Arc::new(list)));
    }
    calls.run(100);
    let rows = calls.store.rows();
    for agency in 1..=5 {
        let own: String =
            ODD.map(|name| format!("{agency},{name},{name},20000001,1980-01-31,1\r\n")).concat();
        assert!(rows.contains(&own), "{agency}: {rows:?}");
    }
    calls.clients().into_iter().for_each(|agency| assert!(agency.into_outcome().unwrap().is_empty()));
}
