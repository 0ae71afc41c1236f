//! Recordings of the earlier stages of the programs of the course: `transcripts/stages`.

use std::collections::BTreeMap;

use lottery_proto::Dialect;

use crate::agency_files::File;
use crate::transcript::{Said, Transcript};

const SHORT: &str = "block-ej5";
const LINE: &str = "framed-ej5";

/// Dialects in which our agency speaks to a recorded server, and the recordings.
pub const RECORDED: &[(Dialect, &str)] = &[
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

/// Returns the recording with that name.
pub fn read(dialect: Dialect, name: &str) -> Transcript {
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

/// Returns the connections on which something was said, each with its agency.
pub fn connections(dialect: Dialect, recorded: &Transcript) -> impl Iterator<Item = (u32, &[Said])> {
    recorded.connections.iter().filter_map(move |said| match said.first() {
        Some(Said::Client(first)) => Some((agency_of(dialect, first), &said[..])),
        _ => None,
    })
}

/// Returns what each agency and the server said, on one connection after the other, as ours says it.
///
/// - A recorded agency makes a connection on which it says nothing, whenever it has read its file. Ours does not.
/// - In `fixed` one sends an empty batch when its file ends with a full one. Ours does not.
/// - One that gets no reply ends its connection first, or after the server. Ours waits: the end is its reply.
pub fn conversations(dialect: Dialect, recorded: &Transcript) -> BTreeMap<u32, Vec<Said>> {
    let mut conversations: BTreeMap<u32, Vec<Said>> = BTreeMap::new();
    for (agency, said) in connections(dialect, recorded) {
        let said = match said {
            [asked, Said::ClientEof, Said::ServerEof] => {
                vec![asked.clone(), Said::ServerEof, Said::ClientEof]
            }
            said => said.to_vec(),
        };
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
pub fn files(name: &str, recorded: &Transcript) -> Vec<File> {
    // This server took UTF-8 for another encoding. The bets of the other recording are the same.
    let stored = if name == SHORT { &read(Dialect::LINE, LINE).stored } else { &recorded.stored };
    stored.iter().map(|(agency, rows)| File { agency: *agency, text: rows.join("\n") + "\n" }).collect()
}
