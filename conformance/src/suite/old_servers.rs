//! Our agencies with servers of earlier stages: they send what agencies of theirs sent, and end as those servers have it.

use std::net::{Ipv4Addr, TcpListener};

use crate::StoppableRuntime;
use crate::agency_files::File;
use crate::client::{RunningClient, job};
use crate::cuts::Cut;
use crate::raw::Raw;
use crate::replay::play_server;
use crate::stages::{RECORDED, conversations, files, read};
use crate::time_limits::{SOON, Task};
use crate::transcript::Said;
use lottery_core::client::{ClientError, Job, LotteryClient};
use lottery_proto::{Dialect, WinnersFlow};

/// Recordings in which a bet of agency 1 is rejected, the bets of its file, and the error that it gets.
const REJECTED: &[(Dialect, &str, &str, &str)] = &[
    (
        Dialect::LINE,
        "framed-ej5-error",
        "Ana,Paz,20000001,1980-12-01,7574\n",
        "the server refused a batch: agency-1.csv: line 1: Error processing bet: month must be in 1..12",
    ),
    (
        Dialect::FRAMED_6,
        "framed-ej6-error",
        "Ana,Paz,20000001,1980-01-01,7574\nLuz,Sol,20000002,1980-02-21,1\n",
        "the server refused a batch: Invalid batch data: Invalid data in bet line: day is out of range for month",
    ),
];

/// Plays a server to an agency with that file, which sends at most two bets at once, and returns its outcome.
fn play<Client: StoppableRuntime>(
    dialect: Dialect,
    file: &File,
    said: &[Said],
    cut: Cut,
) -> Result<Vec<String>, ClientError> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    let address = listener.local_addr().expect("a listener has an address");
    let job = Job { batch_max: Some(2), ..job(address, dialect, file.agency) };
    let agency = RunningClient::start::<Client>(LotteryClient::new(job, file.bets()));
    play_server(&listener, said, cut);
    agency.outcome()
}

pub fn an_agency_sends_what_was_recorded<Client: StoppableRuntime>() {
    for &(dialect, name) in RECORDED {
        let recorded = read(dialect, name);
        let mut conversations = conversations(dialect, &recorded);
        let files = files(name, &recorded);
        assert_eq!(files.len(), 5, "{name}");
        for file in files {
            let said = conversations.remove(&file.agency).expect("it said something");
            let asks = dialect.profile().winners_flow != WinnersFlow::Never;
            let winners = if asks { file.winners() } else { Vec::new() };
            for cut in [Cut::Nowhere, Cut::Everywhere, Cut::InCharacters, Cut::Anywhere(1)] {
                let outcome = play::<Client>(dialect, &file, &said, cut);
                // The recorded agency succeeded, too.
                assert_eq!(recorded.exit_of(file.agency), 0, "{name}");
                assert_eq!(outcome.expect("all is stored"), winners, "{name}, {cut:?}");
            }
        }
        assert!(conversations.is_empty(), "{name}: {conversations:?}");
    }
}

pub fn an_agency_names_the_bets_that_an_old_server_rejects<Client: StoppableRuntime>() {
    for &(dialect, name, bets, expected) in REJECTED {
        let file = File { agency: 1, text: bets.to_owned() };
        let said = conversations(dialect, &read(dialect, name)).remove(&1).expect("it said something");
        // The recorded bet has a date that our agency would not send.
        let sendable = |said: Said| match said {
            Said::Client(bytes) => {
                let text = String::from_utf8(bytes).expect("text");
                Said::Client(
                    text.replace("1980-13", "1980-12").replace("1980-02-31", "1980-02-21").into_bytes(),
                )
            }
            said => said,
        };
        let said: Vec<_> = said.into_iter().map(sendable).collect();
        let error = play::<Client>(dialect, &file, &said, Cut::Nowhere).expect_err("it is rejected");
        assert_eq!(error.to_string(), expected, "{name}");
    }
}

pub fn an_end_without_a_reply_is_a_rejection_where_a_dialect_has_no_other<Client: StoppableRuntime>() {
    let file = File { agency: 1, text: "Ana,Paz,20000001,1980-01-01,7574\n".to_owned() };
    for (dialect, size, resets, expected) in [
        (
            Dialect::SHORT,
            128,
            false,
            "the server refused a batch: agency-1.csv: line 1: the connection was closed",
        ),
        (Dialect::SHORT, 128, true, "unconfirmed, agency-1.csv: line 1 may be stored or not: "),
        (
            Dialect::COLUMNS,
            47,
            true,
            "the server refused a batch: agency-1.csv: line 1: the connection was reset",
        ),
        (Dialect::COLUMNS, 47, false, "unconfirmed, agency-1.csv: line 1 may be stored or not: "),
    ] {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let address = listener.local_addr().expect("a listener has an address");
        let agency = RunningClient::agency::<Client>(address, dialect, &file);
        let server = Task::start("a server that rejects", move || {
            let mut peer = Raw::over(listener.accept().expect("it connects").0);
            peer.receive(size);
            if resets { peer.vanish() } else { drop(peer) }
        });
        let error = agency.outcome().expect_err("it is rejected").to_string();
        assert!(error.starts_with(expected), "{dialect}: {error}");
        server.join(SOON);
    }
}
