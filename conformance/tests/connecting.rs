//! How a client finds its centre, or does not.

use std::net::{Ipv4Addr, TcpListener};

use conformance::agencies::{Calling, job};
use conformance::centre::Running;
use conformance::files::File;
use conformance::{OnRuntime, on_every_client};
use lottery_core::agency::{Agency, AgencyError};
use lottery_proto::Dialect;

fn run<Client: OnRuntime>(dialect: Dialect, file: &File, server: String) -> Result<Vec<String>, AgencyError> {
    let mut job = job((Ipv4Addr::LOCALHOST, 1).into(), dialect, file.agency);
    job.server = server;
    Calling::start::<Client>(Agency::new(job, file.bets())).outcome()
}

/// A name may have addresses of which only a later one listens.
fn a_name_is_found<Client: OnRuntime>() {
    for &dialect in conformance::PLAIN {
        let file = File::invented(1, 20);
        let centre = Running::in_memory::<Client>(1);
        let winners = run::<Client>(dialect, &file, format!("localhost:{}", centre.address.port()));
        assert_eq!(winners.expect("it gets its winners"), file.winners(), "{dialect}");
        centre.end();
    }
}

fn nobody_listens<Client: OnRuntime>() {
    let closed = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|listener| listener.local_addr());
    let closed = closed.expect("a free port").to_string();
    for &dialect in conformance::PLAIN {
        for server in [&closed, "no.such.name.invalid:1", "neither name nor port"] {
            let outcome = run::<Client>(dialect, &File::invented(1, 1), server.to_owned());
            let Err(AgencyError::Connect { server: named, .. }) = outcome else {
                panic!("{dialect}, {server}: {outcome:?}");
            };
            assert_eq!(named, server, "{dialect}");
        }
    }
}

on_every_client!(a_name_is_found, nobody_listens);
