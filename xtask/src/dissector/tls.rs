//! A connection inside TLS, which tshark decrypts with its key log. It was recorded once, with a certificate that was
//! made for it: `tls.json` holds the records, the key log, and the bytes within.

use std::fs;

use lottery_proto::Dialect;
use lottery_testkit::Rng;
use serde_json::Value;

use super::capture::{Capture, Cut, PORT};
use super::conversation::Conversation;
use super::decoded::{decode, shown};
use super::error::Error;
use super::tshark::Tshark;

const RECORDED: &str = include_str!("tls.json");

/// Compares a decrypted connection in every cut, and checks that nothing is found without the key log.
pub(super) fn check(tshark: &Tshark, seed: u64) -> Result<String, Error> {
    let wrong = |problem: &str| Error::Recording("tls.json".to_owned(), problem.to_owned());
    let recorded: Value = serde_json::from_str(RECORDED).map_err(|error| wrong(&error.to_string()))?;
    let list = |key: &str| recorded[key].as_array().cloned().ok_or_else(|| wrong(key));
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut plain = Conversation::new("inside TLS", Some(Dialect::BRACES));
    for message in list("plain")? {
        plain.push(message["from"] == "client", text(&message["text"]).into_bytes());
    }
    let mut records = Conversation::new("records", None);
    for record in list("steps")? {
        let hex = text(&record["hex"]);
        let byte = |at: usize| u8::from_str_radix(hex.get(at..at + 2)?, 16).ok();
        let bytes: Option<Vec<u8>> = (0..hex.len()).step_by(2).map(byte).collect();
        records.push(record["from"] == "client", bytes.ok_or_else(|| wrong("hexadecimal digits"))?);
    }
    let keys: Vec<String> = list("keys")?.iter().map(text).collect();
    let key_log = tshark.dir().join("tls.keys");
    fs::write(&key_log, keys.join("\n") + "\n")?;
    let key_log = format!("tls.keylog_file:{}", key_log.display());
    let ports = format!("lottery.tls_ports:{PORT}");
    let options = ["-o", "lottery.ports:1", "-o", &ports, "-o", "lottery.personal:TRUE"];
    let expected = decode(&plain);
    for mut cut in [Cut::Whole, Cut::Bytes, Cut::Random(Rng::new(seed))] {
        let mut capture = Capture::new();
        capture.push(&records, &mut cut);
        let found = tshark.dissect("tls", &capture, &[&options[..], &["-o", &key_log]].concat())?;
        let mut messages = found.into_values().flatten().collect::<Vec<_>>();
        messages.retain(|message| message.value("unfinished").is_none());
        let found = shown(&messages);
        if found != expected {
            return Err(Error::Differs(format!("in TLS:\nexpected {expected:?}\nfound    {found:?}")));
        }
        if !tshark.dissect("tls", &capture, &options)?.is_empty() {
            return Err(Error::Differs("messages were found in TLS without a key log".to_owned()));
        }
    }
    Ok(format!("{} messages in 3 cuts", expected.client.len() + expected.server.len()))
}
