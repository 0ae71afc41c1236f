//! Checks of the dissector: each compares what tshark shows with what `lottery-proto` decodes.

use std::collections::BTreeMap;
use std::fs;

use lottery_proto::Dialect;
use lottery_testkit::{ANA, Rng, at, bet, client_of, take};

use super::capture::{Capture, Cut};
use super::conversation::Conversation;
use super::decoded::{Said, decode, shown};
use super::error::Error;
use super::tshark::{Shown, Tshark};
use super::{made, tls, wrong};
use crate::root::root;

/// Shows fields of persons, which are hidden otherwise.
const PERSONAL: [&str; 2] = ["-o", "lottery.personal:TRUE"];
/// Bets in the largest batch of `fixed` that a message of a megabyte carries.
const MANY: usize = 9_999;

/// Check that is run with tshark and the recordings, and says what it has compared.
type Check = Box<dyn Fn(&Tshark, &[Conversation]) -> Result<String, Error>>;

/// Returns every check, with its name.
pub(super) fn all(seed: u64, mistakes: usize) -> Vec<(&'static str, Check)> {
    vec![
        ("detection", Box::new(|tshark, _| detection(tshark))),
        ("mistakes", Box::new(move |tshark, _| wrong_ones(tshark, seed, mistakes))),
        ("recordings", Box::new(move |tshark, recorded| cuts(tshark, "recorded", recorded, seed))),
        ("machines", Box::new(move |tshark, _| cuts(tshark, "made", &made::all(seed), seed))),
        ("personal fields", Box::new(move |tshark, _| personal(tshark, seed))),
        ("many bets", Box::new(move |tshark, _| many(tshark, seed))),
        ("a missing beginning", Box::new(|tshark, _| no_beginning(tshark))),
        ("TLS", Box::new(move |tshark, _| tls::check(tshark, seed))),
    ]
}

/// Compares conversations in every cut.
fn cuts(tshark: &Tshark, name: &str, conversations: &[Conversation], seed: u64) -> Result<String, Error> {
    let mut messages = 0;
    let mut dialects = BTreeMap::new();
    let random = || Cut::Random(Rng::new(seed));
    // Wireshark dissects a packet again whenever it shows it, as tshark does with two passes.
    for (cut_name, mut cut, passes) in [
        ("whole", Cut::Whole, &[][..]),
        ("bytes", Cut::Bytes, &[]),
        ("random", random(), &[]),
        ("again", random(), &["-2"]),
    ] {
        let found = dissect(tshark, &format!("{name}-{cut_name}"), conversations, &mut cut, passes)?;
        for (index, conversation) in conversations.iter().enumerate() {
            let shown = found.get(&index).map_or(&[][..], Vec::as_slice);
            let name = format!("{}, {cut_name}", conversation.name);
            messages += same(&name, &decode(conversation), shown)?;
            whole(&name, conversation, shown)?;
            let wire = shown.first().and_then(|first| first.value("wire")).unwrap_or("none").to_owned();
            if let Some(dialect) = conversation.dialect
                && dialect.name() != wire
            {
                return Err(Error::Differs(format!("{name}: {wire}, expected {dialect}")));
            }
            *dialects.entry(wire).or_insert(0) += 1;
        }
    }
    let dialects: Vec<_> = dialects.keys().map(String::as_str).collect();
    Ok(format!(
        "{} connections in 3 cuts and 2 passes, {messages} messages of {}",
        conversations.len(),
        dialects.join(", ")
    ))
}

fn dissect(
    tshark: &Tshark,
    name: &str,
    conversations: &[Conversation],
    cut: &mut Cut,
    passes: &[&str],
) -> Result<BTreeMap<usize, Vec<Shown>>, Error> {
    let mut capture = Capture::new();
    for conversation in conversations {
        capture.push(conversation, cut);
    }
    let mut found = tshark.dissect(name, &capture, &[&PERSONAL, passes].concat())?;
    for shown in found.values_mut() {
        shown.retain(|message| message.value("unfinished").is_none() && message.value("dropped").is_none());
    }
    Ok(found)
}

/// Compares all messages, and returns their number.
fn same(name: &str, expected: &Said, found: &[Shown]) -> Result<usize, Error> {
    let found = shown(found);
    for (side, expected, found) in
        [("client", &expected.client, &found.client), ("server", &expected.server, &found.server)]
    {
        let differs = (0..expected.len().max(found.len())).find(|at| expected.get(*at) != found.get(*at));
        if let Some(at) = differs {
            let line = |lines: &[String]| lines.get(at).map_or("nothing", String::as_str).to_owned();
            return Err(Error::Differs(format!(
                "{name}, message {} of the {side}:\nexpected {}\nfound    {}",
                at + 1,
                line(expected),
                line(found)
            )));
        }
    }
    Ok(expected.client.len() + expected.server.len())
}

/// Checks that every byte of a conversation is in a message.
fn whole(name: &str, conversation: &Conversation, found: &[Shown]) -> Result<(), Error> {
    let sent: usize = conversation.steps.iter().map(|step| step.bytes.len()).sum();
    let length = |message: &Shown| message.value("length")?.parse::<usize>().ok();
    let dissected: usize = found.iter().filter_map(length).sum();
    if sent == dissected {
        return Ok(());
    }
    Err(Error::Differs(format!("{name}: {dissected} bytes are in messages, {sent} were sent")))
}

/// Compares conversations with mistakes, up to the first mistake.
fn wrong_ones(tshark: &Tshark, seed: u64, count: usize) -> Result<String, Error> {
    let conversations = wrong::all(seed, count);
    let mut mistakes = 0;
    for (cut_name, mut cut, passes) in
        [("whole", Cut::Whole, &[][..]), ("random", Cut::Random(Rng::new(seed)), &["-2"])]
    {
        let found = dissect(tshark, &format!("wrong-{cut_name}"), &conversations, &mut cut, passes)?;
        for (index, conversation) in conversations.iter().enumerate() {
            let mut expected = decode(conversation).client;
            let messages = found.get(&index).map_or(&[][..], Vec::as_slice);
            let mut lines = shown(messages).client;
            // The server closes behind Finished in `fixed`, and decodes what lies behind it or not, as it comes.
            let is_fixed = messages.first().is_some_and(|first| first.value("wire") == Some("fixed"));
            let is_end = |line: &String| {
                line.starts_with("malformed")
                    || is_fixed && (line.starts_with("Finished") || line.starts_with("Winners"))
            };
            for lines in [&mut expected, &mut lines] {
                if let Some(at) = lines.iter().position(is_end) {
                    lines.truncate(at + 1);
                }
            }
            mistakes += usize::from(expected.last().is_some_and(|line| line.starts_with("malformed")));
            if expected != lines {
                let sent = &conversation.steps.first().map_or(&[][..], |step| &step.bytes);
                let sent = sent.get(..300).unwrap_or(sent).escape_ascii();
                return Err(Error::Differs(format!(
                    "{}, {cut_name}: {sent}\nexpected {expected:?}\nfound    {lines:?}",
                    conversation.name
                )));
            }
        }
    }
    Ok(format!("{} connections in 2 cuts, {mistakes} with a mistake", conversations.len()))
}

/// Checks the table of first bytes in `docs/protocol.md`, with and without a FIN behind them.
fn detection(tshark: &Tshark) -> Result<String, Error> {
    let document = fs::read_to_string(root().join("docs/protocol.md"))?;
    let listing = document.split("```text detection\n").nth(1).and_then(|rest| rest.split("```").next());
    let (mut conversations, mut expected) = (Vec::new(), Vec::new());
    for line in listing.unwrap_or_default().lines() {
        let words: Vec<&str> = line.split('#').next().unwrap_or_default().split_whitespace().collect();
        let Some((dialect, digits)) = words.split_last() else { continue };
        let bytes: Option<Vec<u8>> =
            digits.iter().map(|digits| u8::from_str_radix(digits, 16).ok()).collect();
        let bytes = bytes.ok_or_else(|| Error::Differs(format!("not a line of the table: {line}")))?;
        for fin_at_once in [false, true] {
            let mut conversation = Conversation::new(format!("{line}, FIN {fin_at_once}"), None);
            conversation.push(true, bytes.clone());
            conversation.fin_at_once = fin_at_once;
            conversations.push(conversation);
            expected.push(match *dialect {
                "?" if fin_at_once => Some("echo"),
                "?" => None,
                dialect => Some(dialect),
            });
        }
    }
    let mut capture = Capture::new();
    for conversation in &conversations {
        capture.push(conversation, &mut Cut::Whole);
    }
    let found = tshark.dissect("detection", &capture, &[])?;
    for (index, conversation) in conversations.iter().enumerate() {
        let wire = found.get(&index).and_then(|shown| shown.first()?.value("wire"));
        if wire != expected[index] {
            let name = &conversation.name;
            return Err(Error::Differs(format!("{name}: {wire:?}, expected {:?}", expected[index])));
        }
    }
    if expected.len() < 60 {
        return Err(Error::Differs(format!("{} lines in the table", expected.len())));
    }
    Ok(format!("{} beginnings", expected.len()))
}

/// Checks that nothing of a person is shown unless that is asked for, and everything else is.
fn personal(tshark: &Tshark, seed: u64) -> Result<String, Error> {
    let mut capture = Capture::new();
    let conversations = made::all(seed);
    for conversation in &conversations {
        capture.push(conversation, &mut Cut::Whole);
    }
    let hidden = ["first_name", "last_name", "document", "birthdate", "line"];
    let all = tshark.dissect("personal", &capture, &PERSONAL)?;
    let few = tshark.dissect("personal", &capture, &[])?;
    let count = |found: &BTreeMap<usize, Vec<Shown>>, field: &str| -> usize {
        found.values().flatten().map(|message| message.values(field).count()).sum()
    };
    for field in hidden {
        let (with, without) = (count(&all, field), count(&few, field));
        if with == 0 || without > 0 {
            return Err(Error::Differs(format!("{field}: {without} shown, {with} if that is asked for")));
        }
    }
    for field in ["type", "length", "agency", "bets", "number", "stored", "text"] {
        let (with, without) = (count(&all, field), count(&few, field));
        if with == 0 || with != without {
            return Err(Error::Differs(format!("{field}: {without} shown, and {with} with personal fields")));
        }
    }
    Ok(format!("{} numbers shown without names", count(&few, "number")))
}

/// Dissects a batch of many bets in `fixed`, whose length in bytes is not known before its last one: it must not be
/// looked at with each packet, or the time grows with its square.
fn many(tshark: &Tshark, seed: u64) -> Result<String, Error> {
    let mut client = client_of(Dialect::FIXED, 1);
    let ana = bet(ANA);
    let accented = ANA.replace("Ana", "Ñandú Ñandú Ñandú");
    let bets: Vec<_> = (0..MANY).map(|at| if at % 2 == 0 { ana } else { bet(&accented) }).collect();
    let sent = client.send_batch(at(0), &bets).map_err(|error| Error::Differs(error.to_string()))?;
    let mut conversation = Conversation::new("many bets", Some(Dialect::FIXED));
    conversation.push(true, take(&mut client, at(0)));
    let mut capture = Capture::new();
    capture.push(&conversation, &mut Cut::Segments);
    let packets = capture.conversations.len();
    capture.push(&conversation, &mut Cut::Random(Rng::new(seed)));
    let found = tshark.dissect("many", &capture, &[])?;
    for shown in found.values() {
        let counts: Vec<_> = shown.iter().filter_map(|message| message.value("bets")).collect();
        if counts != [sent.to_string()] || sent != MANY {
            return Err(Error::Differs(format!("batches of {counts:?} bets, expected one of {MANY}")));
        }
    }
    let looks = found.get(&0).map_or(0, Vec::len);
    if found.len() != 2 || looks * 3 > packets {
        return Err(Error::Differs(format!(
            "{} batches, of which one was looked at {looks} times",
            found.len()
        )));
    }
    Ok(format!("{MANY} in one batch of {packets} packets, looked at {looks} times"))
}

/// Checks that a connection whose beginning is missing is said to be a guess, unless its dialect is set.
fn no_beginning(tshark: &Tshark) -> Result<String, Error> {
    let mut conversation = Conversation::new("the middle of a session", None);
    let reply = [&[5, 3, 7, 0][..], b"1|4"].concat();
    conversation.push(true, [4, 3, 4, 0].to_vec());
    conversation.push(false, reply);
    let mut capture = Capture::without_greeting();
    capture.push(&conversation, &mut Cut::Whole);
    let wires = |options: &[&str]| -> Result<Vec<String>, Error> {
        let found = tshark.dissect("middle", &capture, options)?;
        let messages = found.values().flatten().filter(|message| message.value("guessed").is_some());
        Ok(messages
            .filter_map(|message| Some(format!("{} {}", message.value("wire")?, message.value("type")?)))
            .collect())
    };
    let session = wires(&["-o", "lottery.dialect:session"])?;
    if session != ["session Finished", "session Acknowledgement"] {
        return Err(Error::Differs(format!("with the dialect set: {session:?}")));
    }
    let guessed = wires(&[])?;
    if !guessed.is_empty() {
        return Err(Error::Differs(format!("a message of 4 bytes was taken for a block: {guessed:?}")));
    }
    Ok("the dialect can be set".to_owned())
}
