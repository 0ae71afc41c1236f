//! Valid conversations in every dialect, and random damage to them.

use crate::Rng;
use crate::bets::ANA;
use crate::packets::{BATCH_ACK, BET, BET_ACK, FINISHED, WINNER, batch, block, framed, short};
use lottery_proto::Dialect;

const NAMES: &[&str] = &["Ana", "José María", "Ñ", "李小龍", "O'Neill 3rd", "𝒜", "a b", "x"];
/// Tokens that some dialect gives a meaning to.
const TOKENS: &[&[u8]] = &[
    b";",
    b"\n",
    b"{",
    b"}",
    b",",
    b":",
    b"|",
    b" ",
    b"0",
    b"9",
    b"A",
    b"F00001",
    b"C00001",
    b"E00003abc",
    b"O",
    b"N",
    b"R00001",
    b"END",
    b"00000003END",
    b"99999999",
    b"09999999",
    b"00000000",
    b"NO_WINNERS",
    b"error;",
    b"B{",
    b"B{PlayerName:",
    b"Q{AgencyID:1};",
    b"N{AgencyID:2};",
    b"AgencyID:",
    b"{PlayerName:",
    b"1;",
    b"00001A",
    b"PlayerName:",
    b"W;",
    b"R{",
    b"ACK_CHUNK;",
    b"ERROR:",
    b"\xC3",
    b"\xB1",
    b"\xFF",
    b"\xF0\x9D",
    b"\x00",
    b"\x01",
    b"\x04",
    b"\x7F",
    b"99999",
    b"1980-02-30",
    b"\r",
];

fn name(rng: &mut Rng) -> String {
    let mut name = rng.pick(NAMES).to_string();
    if rng.one_in(9) {
        name.push_str(&"é".repeat(rng.index(24)));
    }
    name
}

struct Line([String; 5]);

fn bet(rng: &mut Rng) -> Line {
    let (first, last) = (name(rng), name(rng));
    let document = rng.index(100_000_000).to_string();
    let date = format!("{:04}-{:02}-{:02}", 1 + rng.index(9999), 1 + rng.index(12), 1 + rng.index(28));
    Line([first, last, document, date, rng.index(10_000).to_string()])
}

fn a_batch(dialect: Dialect, rng: &mut Rng) -> Vec<u8> {
    let bets: Vec<Line> = (0..=rng.index(4)).map(|_| bet(rng)).collect();
    let each = |write: &dyn Fn(&[String; 5]) -> String, between: &str| {
        bets.iter().map(|bet| write(&bet.0)).collect::<Vec<_>>().join(between)
    };
    let text = match dialect.name() {
        "block" => {
            let bets: Vec<String> = bets.iter().map(|bet| bet.0.join("|")).collect();
            return batch(1, &bets);
        }
        "fixed" => {
            let columns = |[f, l, d, b, n]: &[String; 5]| format!("{f:30}{l:30}{d:0>8}{b}{n:0>4}");
            format!("A00001{:05}{}", bets.len(), each(&columns, ""))
        }
        "short" => {
            let bet = bets[0].0.join("|");
            return short(BET, 1, if bet.len() > 125 { ANA } else { &bet }.as_bytes());
        }
        "columns" => {
            let name = |name: &str| name.chars().take(10).collect::<String>();
            let [first, last, document, date, number] = &bets[0].0;
            let names = format!("{:10}{:10}", name(first), name(last));
            format!("00001{names}{document:0>8}{date}{number:0>4}")
        }
        "line" => format!("1;{}\n", bets[0].0.join(";")),
        "framed" => {
            let lines = each(&|fields| fields.join(";"), "\n");
            return framed(format!("1;{}\n{lines}\n", bets.len()));
        }
        _ => {
            let keys = |[f, l, d, b, n]: &[String; 5]| {
                format!(
                    "{{PlayerName:{f},PlayerSurname:{l},PlayerDocID:{d},PlayerDateOfBirth:{b},\
                     WageredNumber:{n},AgencyID:1}}"
                )
            };
            let letter = if dialect == Dialect::BARE { "" } else { "B" };
            format!("{letter}{};", each(&keys, ","))
        }
    };
    text.into_bytes()
}

/// Returns a request that an agency may send.
fn request(dialect: Dialect, rng: &mut Rng) -> Vec<u8> {
    match (dialect.name(), rng.index(6)) {
        ("echo", _) => format!("{} N°{}\n", name(rng), rng.index(100)).into_bytes(),
        ("short" | "columns" | "line" | "bare", _) | (_, 0..=2) => a_batch(dialect, rng),
        ("block", 3) => block(BET, 1, bet(rng).0.join("|").as_bytes()),
        ("block", 4) => block(FINISHED, 1, b""),
        ("block", _) => block(WINNER, 1, b"1"),
        ("fixed", 3 | 4) => b"F00001".to_vec(),
        ("fixed", _) => b"C00001".to_vec(),
        ("framed", _) => framed("END"),
        (_, 3) => b"N{AgencyID:1};".to_vec(),
        (_, 4) => b"Q{AgencyID:1};".to_vec(),
        (_, _) => b";".to_vec(),
    }
}

/// Returns a reply that a server may send.
pub fn answer(dialect: Dialect, rng: &mut Rng) -> Vec<u8> {
    let documents: Vec<String> = (0..=rng.index(3)).map(|_| rng.index(100_000_000).to_string()).collect();
    match (dialect.name(), rng.index(6)) {
        ("block", 0) => block(BET_ACK, 1, b"20000001|7574|1"),
        ("block", 1) => block(BATCH_ACK, 1, b"1"),
        ("block", 2) => block(WINNER, 1, b"0"),
        ("block", _) => block(WINNER, 1, format!("1{}", documents.join("|")).as_bytes()),
        ("fixed", 0) => b"O".to_vec(),
        ("fixed", 1) => b"N".to_vec(),
        ("fixed", 2) => "E00007el ñandú".as_bytes()[..14].to_vec(),
        ("fixed", _) => {
            let columns: Vec<String> = documents.iter().map(|document| format!("{document:0>8}")).collect();
            format!("R{:05}{}", documents.len(), columns.concat()).into_bytes()
        }
        ("framed", 0) => framed("success;Batch stored successfully."),
        ("framed", 1) => framed("error;el disco está lleno"),
        ("framed", 2) => framed("NO_WINNERS"),
        ("framed", _) => framed(documents.join(";")),
        ("braces", 3) | ("bare", 0) => b"ERROR:el disco;".to_vec(),
        ("braces", 0) | ("bare", _) => b"ACK_CHUNK;".to_vec(),
        ("braces", 1) => b"ACK_NOTIFY;".to_vec(),
        ("braces", 2) => b"W;;".to_vec(),
        ("braces", _) => {
            let won: Vec<String> = documents.iter().map(|doc| format!("{{PlayerDocID:{doc}}}")).collect();
            format!("R{};", won.join(",")).into_bytes()
        }
        ("short", 0) => short(BET_ACK, 1, b"20000001|7574|0"),
        ("short", _) => short(BET_ACK, 1, b"20000001|7574|1"),
        ("columns", _) => b"00001Ana       Paz       200000011980-01-017574\n".to_vec(),
        ("line", 0) => "error;el disco está lleno\n".into(),
        ("line", _) => b"success;Bet stored successfully.\n".to_vec(),
        _ => b"hola \n".to_vec(),
    }
}

/// Returns a few valid messages.
pub fn conversation(dialect: Dialect, rng: &mut Rng) -> Vec<u8> {
    let most = if dialect == Dialect::BLOCK { 2 } else { 4 };
    (0..=rng.index(most)).flat_map(|_| request(dialect, rng)).collect()
}

/// Inserts, removes, changes, swaps or repeats bytes, a few times.
pub fn spoil(bytes: &mut Vec<u8>, rng: &mut Rng) {
    for _ in 0..rng.index(4) {
        // Damages bytes that are not padding, most of the time.
        let used = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
        let most = if rng.one_in(9) { bytes.len() } else { used.min(bytes.len()) };
        let at = rng.index(most + 1).min(bytes.len());
        let end = (at + 1 + rng.index(8)).min(bytes.len());
        match rng.index(7) {
            0 => drop(bytes.splice(at..at, rng.pick(TOKENS).iter().copied())),
            1 => drop(bytes.splice(at..end, rng.pick(TOKENS).iter().copied())),
            2 => drop(bytes.drain(at..end)),
            3 => bytes.extend_from_within(at..end),
            4 => bytes.truncate(at),
            5 => {
                let byte = rng.next_u64().to_le_bytes()[0];
                bytes.splice(at..(at + 1).min(end), [byte]);
            }
            _ => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= 1 << rng.index(8);
                }
            }
        }
    }
}

/// Returns random bytes.
pub fn noise(rng: &mut Rng) -> Vec<u8> {
    let tokens = rng.one_in(2);
    (0..rng.index(40))
        .flat_map(|_| if tokens { rng.pick(TOKENS).to_vec() } else { vec![rng.next_u64().to_le_bytes()[0]] })
        .collect()
}
