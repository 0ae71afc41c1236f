//! Our agencies with servers of earlier stages: they send what agencies of theirs sent, and end as those servers have it.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, TcpListener};

use crate::StoppableRuntime;
use crate::agency_files::File;
use crate::client::{RunningClient, job};
use crate::cuts::Cut;
use crate::raw::Raw;
use crate::replay::play_server;
use crate::time_limits::{SOON, Task};
use crate::transcript::{Said, Transcript};
use lottery_core::client::{ClientError, Job, LotteryClient};
use lottery_proto::{Dialect, WinnersFlow};

const SHORT: &str = "block-ej5";
const LINE: &str = "framed-ej5";

/// Dialects in which our agency speaks to a recorded server, and the recordings.
const RECORDED: &[(Dialect, &str)] = &[
    (Dialect::SHORT, SHORT),
    (Dialect::COLUMNS, "fixed-ej5"),
    (Dialect::LINE, LINE),
    (Dialect::BARE, "braces-ej5"),
    (Dialect::BARE, "braces-ej6"),
    (Dialect::BLOCK_6, "block-ej6"),
    (Dialect::FIXED_6, "fixed-ej6"),
    (Dialect::FRAMED_6, "framed-ej6"),
    (Dialect::BLOCK_7, "block-ej7"),
    (Dialect::BRACES_7, "braces-ej7"),
    (Dialect::FIXED, "fixed-ej7"),
    (Dialect::FRAMED, "framed-ej7"),
];

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

/// Returns the recording with that name.
fn read(dialect: Dialect, name: &str) -> Transcript {
    Transcript::named(dialect, &format!("stages/{name}"))
}

/// Returns the agency that sent this message.
fn agency_of(dialect: Dialect, message: &[u8]) -> u32 {
    let text = String::from_utf8_lossy(message);
    let digits = |text: &str| text.chars().take_while(char::is_ascii_digit).collect::<String>();
    let number = match dialect.name().split('-').next() {
        Some("short" | "block") => message[1].to_string(),
        Some("columns") => text[..5].to_owned(),
        Some("line") => digits(&text),
        Some("framed") => digits(&text[8..]),
        Some("fixed") => text[1..6].to_owned(),
        _ => digits(text.split_once("AgencyID:").expect("it names its agency").1),
    };
    number.parse().expect("a number")
}

/// Returns what each agency and the server said, on one connection after the other, as ours says it.
///
/// - A recorded agency makes a connection on which it says nothing, whenever it has read its file. Ours does not.
/// - In `fixed` one sends an empty batch when its file ends with a full one. Ours does not.
/// - One that gets no reply ends its connection first, or after the server. Ours waits: the end is its reply.
fn conversations(dialect: Dialect, recorded: &Transcript) -> BTreeMap<u32, Vec<Said>> {
    let mut conversations: BTreeMap<u32, Vec<Said>> = BTreeMap::new();
    for said in &recorded.connections {
        let Some(Said::Client(first)) = said.first() else { continue };
        let said = match &said[..] {
            [asked, Said::ClientEof, Said::ServerEof] => {
                vec![asked.clone(), Said::ServerEof, Said::ClientEof]
            }
            said => said.to_vec(),
        };
        let agency = agency_of(dialect, first);
        let empty = format!("A{agency:05}00000F");
        let said = said.into_iter().map(|said| match said {
            Said::Client(bytes) if dialect.name().starts_with("fixed") => {
                Said::Client(String::from_utf8(bytes).expect("text").replace(&empty, "F").into_bytes())
            }
            said => said,
        });
        conversations.entry(agency).or_default().extend(said);
    }
    conversations
}

/// Returns the bets that the server stored for each agency.
fn files(name: &str, recorded: &Transcript) -> Vec<File> {
    // This server took UTF-8 for another encoding. The bets of the other recording are the same.
    let stored = if name == SHORT { &read(Dialect::LINE, LINE).stored } else { &recorded.stored };
    stored.iter().map(|(agency, rows)| File { agency: *agency, text: rows.join("\n") + "\n" }).collect()
}

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
