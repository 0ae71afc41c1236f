//! Checks of every dialect of this crate, with [`check_wire`].

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::block::BLOCK_SIZE;
use crate::bet::{AgencyId, Bet};
use crate::dialect::{Dialect, DialectProfile, Wire};
use crate::testing::{Samples, check_detection, check_wire};

fn bet<'a>(first: &'a str, last: &'a str, document: &'a str, number: &'a str) -> Bet<'a> {
    Bet::new([first, last, document, "2000-02-29", number]).expect("valid")
}

/// Returns a packet of agency 1.
fn packet(kind: u8, payload: &[u8]) -> Vec<u8> {
    let size = u16::try_from(4 + payload.len()).expect("short").to_le_bytes();
    [&[kind, 1][..], &size, payload].concat()
}

/// Returns a block that holds a packet.
fn block(kind: u8, payload: &[u8]) -> Vec<u8> {
    let mut block = packet(kind, payload);
    block.resize(BLOCK_SIZE, 0);
    block
}

/// Checks a dialect with these requests, and names that hold `separators` as what it cannot carry.
fn check(dialect: Dialect, requests: &[&[u8]], separators: &str) {
    check_names(dialect, requests, separators, "d'Ñandú-Ibáñez", &"Ñ".repeat(30));
}

/// Works like [`check`], with these as the longest names.
fn check_names(dialect: Dialect, requests: &[&[u8]], separators: &str, first: &str, last: &str) {
    let bets = [
        bet("Ana", "Paz", "20000001", "7574"),
        bet("José María", "Núñez", "1", "0"),
        bet(first, last, "99999999", "9999"),
    ];
    let names: Vec<_> = separators.chars().map(|c| [&*alloc::format!("A{c}a")].concat()).collect();
    let unsendable: Vec<_> = names.iter().map(|name| bet(name, "Paz", "1", "1")).collect();
    let agency = AgencyId::new(1).expect("an agency");
    let documents = &["20000001", "7", "99999999"];
    check_wire(dialect, &Samples { agency, bets: &bets, unsendable: &unsendable, requests, documents });
}

#[test]
#[cfg_attr(miri, ignore = "takes hours")]
fn every_dialect_keeps_what_the_machines_rely_on() {
    let (winner, finished) = (block(6, b"1"), block(4, b""));
    check(Dialect::BLOCK, &[&winner, &finished, &block(1, b"Ana|Paz|1|2000-02-29|1")], "|");
    let hello = block(7, b"3|1|");
    check_session(&hello, &packet(6, b"2"));
    check(Dialect::FIXED, &[b"A0000100000", b"F00001", b"C99999"], "");
    check(Dialect::FRAMED, &[b"00000003END", b"000000041;0\n"], ";");
    check(Dialect::BRACES, &[b"N{AgencyID:1};", b"Q{AgencyID:99999};"], ",;:{}");
    let mut bet = b"\x01\x01\x19Ana|Paz|1|2000-02-29|1".to_vec();
    bet.resize(128, 0);
    check(Dialect::SHORT, &[&bet], "|");
    let columns = b"99999Ana       Paz       000000012000-02-290001";
    check_names(Dialect::COLUMNS, &[columns], "", "Ñandú, Ana", &"Ñ".repeat(10));
    check(Dialect::LINE, &[b"0000001;Ana;Paz;1;2000-02-29;0001\n"], ";");
    let single = b"{PlayerName:A,PlayerSurname:B,PlayerDocID:1,PlayerDateOfBirth:2000-02-29,WageredNumber:01,AgencyID:1};";
    check(Dialect::BARE, &[single], ",;:{}");
    for dialect in Dialect::EARLIER {
        check_client(*dialect);
    }
    check(Dialect::ECHO, &[b"[CLIENT 1] Message N\xC2\xB01\n", b"\n"], "");
}

/// Checks a dialect that a client alone speaks, with the server's side of the dialect that it is there.
fn check_client(dialect: Dialect) {
    let (name, _) = dialect.name().split_once('-').expect("a number behind the name");
    let spoken: Dialect = name.parse().expect("a dialect");
    let wire = Wire {
        name: dialect.name(),
        profile: dialect.profile(),
        max_agency: dialect.max_agency(),
        empty_list: 0,
        listed_document: 0,
        counterpart: None,
        server: spoken.server(),
        client: dialect.client(),
    };
    let separators = match name {
        "block" => "|",
        "framed" => ";",
        "braces" => ",;:{}",
        _ => "",
    };
    check(Dialect::new(Box::leak(Box::new(wire))), &[], separators);
}

/// Checks `session`, in which only Hello comes first.
fn check_session(hello: &[u8], wait: &[u8]) {
    for request in [hello, wait] {
        let mut message = request.to_vec();
        let decoded = Dialect::SESSION.server().request(&mut message, &mut crate::bet::Spans::default());
        assert!(decoded.is_ok(), "{decoded:?}");
    }
    check(Dialect::SESSION, &[hello], "|");
}

#[test]
#[should_panic(expected = "broken: ")]
fn two_sides_that_do_not_fit_are_found() {
    check(Dialect::new(&BROKEN), &[b"00000003END"], "");
}

/// Dialect with the server's side of `framed` and the client's of `braces`.
static BROKEN: Wire = Wire {
    name: "broken",
    profile: DialectProfile::DEFAULT,
    max_agency: 1,
    empty_list: 0,
    listed_document: 0,
    counterpart: None,
    server: Dialect::FRAMED.server(),
    client: Dialect::BRACES.client(),
};

#[test]
fn the_dialects_are_told_apart() {
    check_detection(Dialect::ALL, &FIRST);
}

#[test]
#[should_panic(expected = "broken says yes to 8 bytes of framed")]
fn two_dialects_that_claim_the_same_bytes_are_found() {
    check_detection(&[Dialect::FRAMED, Dialect::new(&BROKEN)], &FIRST);
}

/// First bytes of connections.
const FIRST: [(Dialect, &[u8]); 6] = [
    (Dialect::FRAMED, b"00000003END"),
    (Dialect::FIXED, b"C00001"),
    (Dialect::BRACES, b"Q{AgencyID:1};"),
    (Dialect::BLOCK, b"\x06\x01\x05\x00\x31"),
    (Dialect::SESSION, b"\x07\x01\x08\x00\x33"),
    (Dialect::ECHO, b"C0000\n"),
];
