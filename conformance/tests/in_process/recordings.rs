//! Detection over all recordings: of each dialect, and of the stages of the programs that speak it.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use lottery_proto::Dialect;
use lottery_proto::testing::check_detection;
use serde_json::Value;

/// Names of recordings, and the dialect in which they are: those of stages in which a program spoke another one.
const OTHERS: [(&str, &str); 5] = [
    ("block-ej5", "short"),
    ("fixed-ej5", "columns"),
    ("framed-ej5", "line"),
    ("braces-ej5", "bare"),
    ("braces-ej6", "bare"),
];

/// Returns the files of a directory of recordings.
fn files(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).expect("recordings").map(|entry| entry.expect("a file").path());
    let mut files: Vec<_> =
        entries.filter(|path| path.extension().is_some_and(|kind| kind == "json")).collect();
    files.sort();
    files
}

/// Returns all that the client sent on each connection of a recording, and the name of the dialect.
fn sent(path: &Path) -> (String, Vec<Vec<u8>>) {
    let text = fs::read_to_string(path).expect("a recording");
    let json: Value = serde_json::from_str(&text).expect("a recording is JSON");
    let name = json["dialect"].as_str().expect("a name");
    let other = OTHERS.iter().find(|(recording, _)| *recording == name);
    let dialect = other.map_or_else(|| name.split('-').next().unwrap_or_default(), |(_, dialect)| dialect);
    let connections = json["connections"].as_array().expect("connections");
    let bytes_of = |said: &Value| {
        let hex = said["hex"].as_str().unwrap_or_default();
        let byte = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).expect("hexadecimal digits");
        let mut bytes: Vec<u8> = (0..hex.len()).step_by(2).map(byte).collect();
        let padded = said["padded_to"].as_u64().unwrap_or_default();
        bytes.resize(bytes.len().max(usize::try_from(padded).expect("a small number")), 0);
        bytes
    };
    let client = |said: &&Value| said["from"] == "client";
    let sent = connections.iter().map(|connection| {
        let said = connection.as_array().expect("a list of messages");
        said.iter().filter(client).flat_map(bytes_of).collect::<Vec<u8>>()
    });
    (dialect.to_owned(), sent.filter(|bytes| !bytes.is_empty()).collect())
}

#[test]
fn no_recording_is_detected_as_another_dialect() {
    let directory = Path::new(&env::var_os("CARGO_MANIFEST_DIR").expect("cargo says where the crate is"))
        .join("transcripts");
    let files = [files(&directory), files(&directory.join("stages"))].concat();
    assert!(files.len() >= 20, "{files:?}");
    let recordings: Vec<_> = files.iter().map(|path| sent(path)).collect();
    // A dialect that is not spoken here cannot be told from the others.
    let known = recordings.iter().filter_map(|(name, sent)| Some((name.parse::<Dialect>().ok()?, sent)));
    let known: Vec<_> =
        known.flat_map(|(dialect, sent)| sent.iter().map(move |sent| (dialect, &**sent))).collect();
    assert!(known.len() > 100, "{}", known.len());
    check_detection(Dialect::ALL, &known);
}
