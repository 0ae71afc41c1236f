//! Valid conversations in every dialect, and random damage to them.
#![allow(dead_code)]

use lottery_proto::Dialect;

use crate::common::{BATCH_ACK, BET, BET_ACK, Dice, FINISHED, WINNER, batch, block, framed};

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

fn name(dice: &mut Dice) -> String {
    let mut name = dice.pick(NAMES).to_string();
    if dice.one_in(9) {
        name.push_str(&"é".repeat(dice.below(24)));
    }
    name
}

struct Line([String; 5]);

fn bet(dice: &mut Dice) -> Line {
    let (first, last) = (name(dice), name(dice));
    let document = dice.below(100_000_000).to_string();
    let date = format!("{:04}-{:02}-{:02}", 1 + dice.below(9999), 1 + dice.below(12), 1 + dice.below(28));
    Line([first, last, document, date, dice.below(10_000).to_string()])
}

fn a_batch(wire: Dialect, dice: &mut Dice) -> Vec<u8> {
    let bets: Vec<Line> = (0..=dice.below(4)).map(|_| bet(dice)).collect();
    let each = |write: &dyn Fn(&[String; 5]) -> String, between: &str| {
        bets.iter().map(|bet| write(&bet.0)).collect::<Vec<_>>().join(between)
    };
    let text = match wire {
        Dialect::Block => {
            let bets: Vec<String> = bets.iter().map(|bet| bet.0.join("|")).collect();
            return batch(1, &bets);
        }
        Dialect::Fixed => {
            let columns = |[f, l, d, b, n]: &[String; 5]| format!("{f:30}{l:30}{d:0>8}{b}{n:0>4}");
            format!("A00001{:05}{}", bets.len(), each(&columns, ""))
        }
        Dialect::Framed => {
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
            format!("B{};", each(&keys, ","))
        }
    };
    text.into_bytes()
}

/// Returns a request that an agency may send.
fn request(wire: Dialect, dice: &mut Dice) -> Vec<u8> {
    match (wire, dice.below(6)) {
        (Dialect::Echo, _) => format!("{} N°{}\n", name(dice), dice.below(100)).into_bytes(),
        (_, 0..=2) => a_batch(wire, dice),
        (Dialect::Block, 3) => block(BET, 1, bet(dice).0.join("|").as_bytes()),
        (Dialect::Block, 4) => block(FINISHED, 1, b""),
        (Dialect::Block, _) => block(WINNER, 1, b"1"),
        (Dialect::Fixed, 3 | 4) => b"F00001".to_vec(),
        (Dialect::Fixed, _) => b"C00001".to_vec(),
        (Dialect::Framed, _) => framed("END"),
        (_, 3) => b"N{AgencyID:1};".to_vec(),
        (_, 4) => b"Q{AgencyID:1};".to_vec(),
        (_, _) => b";".to_vec(),
    }
}

/// Returns a reply that a server may send.
pub(crate) fn answer(wire: Dialect, dice: &mut Dice) -> Vec<u8> {
    let documents: Vec<String> = (0..=dice.below(3)).map(|_| dice.below(100_000_000).to_string()).collect();
    match (wire, dice.below(6)) {
        (Dialect::Block, 0) => block(BET_ACK, 1, b"20000001|7574|1"),
        (Dialect::Block, 1) => block(BATCH_ACK, 1, b"1"),
        (Dialect::Block, 2) => block(WINNER, 1, b"0"),
        (Dialect::Block, _) => block(WINNER, 1, format!("1{}", documents.join("|")).as_bytes()),
        (Dialect::Fixed, 0) => b"O".to_vec(),
        (Dialect::Fixed, 1) => b"N".to_vec(),
        (Dialect::Fixed, 2) => "E00007el ñandú".as_bytes()[..14].to_vec(),
        (Dialect::Fixed, _) => {
            let columns: Vec<String> = documents.iter().map(|document| format!("{document:0>8}")).collect();
            format!("R{:05}{}", documents.len(), columns.concat()).into_bytes()
        }
        (Dialect::Framed, 0) => framed("success;Batch stored successfully."),
        (Dialect::Framed, 1) => framed("error;el disco está lleno"),
        (Dialect::Framed, 2) => framed("NO_WINNERS"),
        (Dialect::Framed, _) => framed(documents.join(";")),
        (Dialect::Braces, 0) => b"ACK_CHUNK;".to_vec(),
        (Dialect::Braces, 1) => b"ACK_NOTIFY;".to_vec(),
        (Dialect::Braces, 2) => b"W;;".to_vec(),
        (Dialect::Braces, 3) => b"ERROR:el disco;".to_vec(),
        (Dialect::Braces, _) => {
            let won: Vec<String> = documents.iter().map(|doc| format!("{{PlayerDocID:{doc}}}")).collect();
            format!("R{};", won.join(",")).into_bytes()
        }
        _ => b"hola \n".to_vec(),
    }
}

/// Returns a few valid messages.
pub(crate) fn conversation(wire: Dialect, dice: &mut Dice) -> Vec<u8> {
    let most = if wire == Dialect::Block { 2 } else { 4 };
    (0..=dice.below(most)).flat_map(|_| request(wire, dice)).collect()
}

/// Inserts, removes, changes, swaps or repeats bytes, a few times.
pub(crate) fn spoil(bytes: &mut Vec<u8>, dice: &mut Dice) {
    for _ in 0..dice.below(4) {
        // Damages bytes that are not padding, most of the time.
        let used = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
        let most = if dice.one_in(9) { bytes.len() } else { used.min(bytes.len()) };
        let at = dice.below(most + 1).min(bytes.len());
        let end = (at + 1 + dice.below(8)).min(bytes.len());
        match dice.below(7) {
            0 => drop(bytes.splice(at..at, dice.pick(TOKENS).iter().copied())),
            1 => drop(bytes.splice(at..end, dice.pick(TOKENS).iter().copied())),
            2 => drop(bytes.drain(at..end)),
            3 => bytes.extend_from_within(at..end),
            4 => bytes.truncate(at),
            5 => {
                let byte = dice.next().to_le_bytes()[0];
                bytes.splice(at..(at + 1).min(end), [byte]);
            }
            _ => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= 1 << dice.below(8);
                }
            }
        }
    }
}

/// Returns random bytes.
pub(crate) fn noise(dice: &mut Dice) -> Vec<u8> {
    let tokens = dice.one_in(2);
    (0..dice.below(40))
        .flat_map(|_| if tokens { dice.pick(TOKENS).to_vec() } else { vec![dice.next().to_le_bytes()[0]] })
        .collect()
}
