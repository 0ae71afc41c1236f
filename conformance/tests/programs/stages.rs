//! Real client programs in the place of those of the course's earlier stages: with the recorded servers, they end with
//! the recorded exit code, and their log says what was sent and won.

use std::fs;
use std::net::{Ipv4Addr, TcpListener};

use conformance::cuts::Cut;
use conformance::replay::play_server;
use conformance::stages::{RECORDED, conversations, files, read};
use lottery_proto::WinnersFlow;

use crate::support::{Process, SOON, client};

on_every_runtime!(an_agency_ends_as_the_recorded_one);

fn an_agency_ends_as_the_recorded_one(runtime: &str) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("bets.csv");
    for &(dialect, name) in RECORDED {
        let recorded = read(dialect, name);
        let mut conversations = conversations(dialect, &recorded);
        for file in files(name, &recorded) {
            fs::write(&path, &file.text).unwrap();
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
            let mut agency = client(runtime, dir.path(), file.agency, listener.local_addr().unwrap());
            agency.args(["--dialect", dialect.name(), "--batch-max-amount", "2", "--poll-initial", "10ms"]);
            let agency = Process::start(agency.arg("--bets").arg(&path));
            play_server(&listener, &conversations.remove(&file.agency).unwrap(), Cut::Nowhere);
            let (code, stdout, stderr) = agency.end(SOON);
            assert_eq!(code, Some(recorded.exit_of(file.agency)), "{name}: {stderr:#?}");
            let id = file.agency;
            let sent = format!(
                "apuestas_enviadas | result: success | client_id: {id} | cantidad: {}",
                file.lines().len()
            );
            let asks = dialect.profile().winners_flow != WinnersFlow::Never;
            let won = if asks {
                format!("consulta_ganadores | result: success | cant_ganadores: {}", file.winners().len())
            } else {
                "skip_winners | result: success".to_owned()
            };
            for line in [sent, won] {
                assert_eq!(
                    stdout.iter().filter(|found| found.contains(&line)).count(),
                    1,
                    "{name}: {stdout:#?}"
                );
            }
        }
        assert!(conversations.is_empty(), "{name}");
    }
}
