//! The worst input for each dialect, from a client and from a server.

use lottery_proto::Dialect;
use lottery_testkit::{
    ANA, BATCH, BATCH_ACK, BET, BET_ACK, FINISHED, WINNER, batch, block, framed, hello, packet,
    session_batch, short, welcome,
};

/// Returns a bet in braces, its number with so many zeros before it.
fn bare(zeros: usize) -> String {
    format!(
        "{{PlayerName:Ana,PlayerSurname:Paz,PlayerDocID:1,PlayerDateOfBirth:1980-01-01,WageredNumber:{}1,AgencyID:1}}",
        "0".repeat(zeros)
    )
}

/// Returns the worst input for one dialect or another.
pub(crate) fn worst() -> Vec<(&'static str, Vec<u8>)> {
    let bad = ANA.replace("1980-01-01", "1980-02-30");
    vec![
        ("nothing", vec![]),
        ("batches", batch(1, &[ANA; 200])),
        ("bets alone", block(1, 1, ANA.as_bytes())),
        ("empty batches", batch::<&str>(1, &[])),
        ("batches that are wrong", batch(1, &[&bad])),
        (
            "a session",
            [hello(1), session_batch(1, &[ANA; 100]), session_batch(1, &[&bad]), packet(6, 1, b"2")].concat(),
        ),
        ("finished", block(FINISHED, 1, b"")),
        ("nonsense", block(BATCH, 1, &[255; 4000])),
        ("queries on fixed", b"C00001".to_vec()),
        (
            "batches on fixed",
            [b"A0000100001".to_vec(), format!("{:30}{:30}000000011980-01-010001", "a", "b").into()].concat(),
        ),
        ("batches without bets on fixed", b"A0000100000".to_vec()),
        ("an endless message on framed", b"01048568".repeat(9)),
        ("lines on framed", framed("1;1\na;b;1;1980-01-01;1\n")),
        ("nothing on framed", framed("")),
        ("the end on framed", framed("END")),
        ("mistakes on framed", framed("x")),
        ("an endless message on braces", b"B{PlayerName:".to_vec()),
        ("mistakes on braces", [&b"Q{AgencyID:;"[..], &b"B{;".repeat(100_000)].concat()),
        ("fillers on braces", b"Q{AgencyID:1};;;;;".to_vec()),
        ("notices on braces", b"N{AgencyID:1};".to_vec()),
        ("a bet on short", short(BET, 1, ANA.as_bytes())),
        ("a bet on columns", b"00001Ana       Paz       200000011980-01-017574".to_vec()),
        ("an endless bet on columns", "00001Ñandú ".repeat(2).into()),
        ("a long bet on line", [&b"1;Ana;Paz;1;1980-01-01;"[..], &b"0".repeat(900), b"\n"].concat()),
        ("an endless line", b"1;".to_vec()),
        ("a long bet on bare", (bare(8000) + ";").into()),
        ("a bet on bare that is too long", (bare(9000) + ";").into()),
        ("a long batch on bare", (vec![bare(0); 600].join(",") + ";").into()),
        ("an endless message on bare", b"{PlayerName:".to_vec()),
        ("long lines", [&[b'x'; 8191][..], b"\n"].concat()),
        ("short lines", b"\n".to_vec()),
        ("white space", b" ".to_vec()),
    ]
}

/// Returns the worst replies of a server.
pub(crate) fn worst_answers() -> Vec<(Dialect, Vec<u8>)> {
    let winners = |dialect: Dialect, many: usize| match dialect.name() {
        "fixed" => [format!("R{many:05}").into_bytes(), b"20000001".repeat(many)].concat(),
        "framed" => framed("20000001;".repeat(many).trim_end_matches(';')),
        _ => [b"R{".to_vec(), b"PlayerDocID:1},{".repeat(many), b"PlayerDocID:1};".to_vec()].concat(),
    };
    let mut answers = vec![
        (Dialect::SESSION, [welcome(1, 0, false, 16, 0), packet(BATCH_ACK, 1, b"1|1").repeat(20)].concat()),
        (Dialect::SESSION, block(9, 1, b"5|no")),
        (Dialect::BLOCK, block(BATCH_ACK, 1, b"1")),
        (Dialect::BLOCK, block(WINNER, 1, b"0")),
        (Dialect::ECHO, b"hola\n".to_vec()),
        (Dialect::SHORT, short(BET_ACK, 1, b"20000001|7574|0")),
        (Dialect::COLUMNS, b"x".to_vec()),
        (Dialect::LINE, b"error;".to_vec()),
        (Dialect::LINE, b"error;no\n".to_vec()),
        (Dialect::BARE, b"no".to_vec()),
        (Dialect::BARE, b"no;".to_vec()),
    ];
    // A long list, which the buffer grows for, then unasked rejections, as small as they can be.
    for (dialect, rejection) in [
        (Dialect::FIXED, b"E00000".to_vec()),
        (Dialect::FRAMED, framed("error;")),
        (Dialect::BRACES, b"ERROR:;".to_vec()),
    ] {
        for many in [1, 900, 11_000, 60_000] {
            answers.push((dialect, [winners(dialect, many), rejection.repeat(100_000)].concat()));
        }
    }
    answers
}
