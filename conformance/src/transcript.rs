//! Recorded conversations: `transcripts/*.json`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{env, fmt, fs};

use lottery_proto::Dialect;
use serde_json::Value;

use crate::agency_files::File;
use crate::dialects::{codec, fixed_bets_of};

/// Event on a connection.
#[derive(Clone, PartialEq, Eq)]
pub enum Said {
    /// The client sent a message.
    Client(Vec<u8>),
    /// The server sent a message.
    Server(Vec<u8>),
    /// The client ended its side.
    ClientEof,
    /// The server ended its side.
    ServerEof,
}

impl fmt::Debug for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = |bytes: &[u8]| {
            let end = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |at| at + 1);
            bytes[..end].escape_ascii().to_string()
        };
        match self {
            Self::Client(bytes) => write!(f, "Client({:?})", text(bytes)),
            Self::Server(bytes) => write!(f, "Server({:?})", text(bytes)),
            Self::ClientEof => f.write_str("ClientEof"),
            Self::ServerEof => f.write_str("ServerEof"),
        }
    }
}

/// Lottery from beginning to end.
#[derive(Clone, Debug)]
pub struct Transcript {
    /// Dialect of its connections.
    pub dialect: Dialect,
    /// Number of agencies.
    pub agencies: u32,
    /// Prefix of a line that the server sent back.
    pub reply_prefix: String,
    /// Events of each connection.
    pub connections: Vec<Vec<Said>>,
    /// Rows of each agency that were stored, where they are recorded.
    pub stored: BTreeMap<u32, Vec<String>>,
    /// Exit code of each agency, where they are recorded.
    pub client_exits: Vec<i32>,
}

/// Returns the directory of the recordings.
fn directory() -> PathBuf {
    let own = env::var_os("CARGO_MANIFEST_DIR").expect("cargo says where the crate is");
    Path::new(&own).join("transcripts")
}

impl Transcript {
    /// Reads the recording of that dialect.
    pub fn read(dialect: Dialect) -> Self {
        Self::named(dialect, dialect.name())
    }

    /// Reads the recording with that name.
    pub fn named(dialect: Dialect, name: &str) -> Self {
        let path = directory().join(format!("{name}.json"));
        let text = fs::read_to_string(&path).expect("there is a recording of each dialect");
        let json: Value = serde_json::from_str(&text).expect("a recording is JSON");
        let named = json["dialect"].as_str().expect("a name");
        assert!(named == dialect.name() || name.starts_with(&format!("stages/{named}")), "{named} in {name}");
        let agencies = json["agencies"].as_u64().unwrap_or_default();
        let connections = json["connections"].as_array().expect("a list of connections");
        let mut stored: BTreeMap<u32, Vec<String>> = BTreeMap::new();
        for row in json["stored"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            let (agency, bet) = row.split_once(',').expect("a row begins with its agency");
            stored.entry(agency.parse().expect("a number")).or_default().push(bet.to_owned());
        }
        Self {
            dialect,
            agencies: u32::try_from(agencies).expect("a small number"),
            stored,
            client_exits: json["client_exits"]
                .as_array()
                .map(|codes| {
                    codes
                        .iter()
                        .map(|code| code.as_i64().and_then(|code| code.try_into().ok()).expect("a code"))
                        .collect()
                })
                .unwrap_or_default(),
            reply_prefix: json["reply_prefix"].as_str().unwrap_or_default().to_owned(),
            connections: connections
                .iter()
                .map(|said| said.as_array().expect("a list of messages").iter().map(said_of).collect())
                .collect(),
        }
    }

    /// Returns the recorded exit code of an agency.
    pub fn exit_of(&self, agency: u32) -> i32 {
        self.client_exits[agency as usize - 1]
    }

    /// Returns the conversation of each agency with the server, on one connection or on one after the other,
    /// with the agency's file.
    pub fn conversations(&self) -> Vec<(File, Vec<Said>)> {
        let mut conversations: BTreeMap<u32, Vec<Said>> = BTreeMap::new();
        for said in &self.connections {
            let Some(Said::Client(first)) = said.first() else { panic!("the agency speaks first") };
            let agency = codec(self.dialect).agency_of(first).expect("it says which it is");
            conversations.entry(agency).or_default().extend_from_slice(said);
        }
        assert!(conversations.keys().copied().eq(1..=self.agencies), "all of them");
        conversations.into_iter().map(|(agency, said)| (self.file(agency, &said), said)).collect()
    }

    /// Returns the file of an agency. In `fixed`, numbers are as recorded: cut to fit their column.
    fn file(&self, agency: u32, said: &[Said]) -> File {
        let path = directory().join(format!("agencies/agency-{agency}.csv"));
        let text = fs::read_to_string(path).expect("there is a file of each agency");
        let file = File { agency, text };
        if self.dialect != Dialect::FIXED {
            return file;
        }
        let Some(Said::Client(batch)) = said.first() else { panic!("the agency speaks first") };
        let lines = fixed_bets_of(batch);
        let cut = |line: &str| line.replace(",10000", ",1000");
        assert!(file.text.lines().map(cut).eq(lines.iter().cloned()), "its bets, apart from that number");
        File { text: lines.iter().flat_map(|line| [line, "\n"]).collect(), ..file }
    }
}

fn said_of(entry: &Value) -> Said {
    let from_client = entry["from"] == "client";
    let Some(hex) = entry["hex"].as_str() else {
        assert_eq!(entry["eof"], true, "a message or an end");
        return if from_client { Said::ClientEof } else { Said::ServerEof };
    };
    let byte = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).expect("hexadecimal digits");
    let mut bytes: Vec<u8> = (0..hex.len()).step_by(2).map(byte).collect();
    if let Some(size) = entry["padded_to"].as_u64() {
        bytes.resize(usize::try_from(size).expect("a small number"), 0);
    }
    if from_client { Said::Client(bytes) } else { Said::Server(bytes) }
}
