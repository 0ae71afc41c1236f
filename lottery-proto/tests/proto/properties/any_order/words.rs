//! Bytes of each dialect's requests and replies.

use lottery_proto::Dialect;
use lottery_testkit::{BATCH_ACK, BET, BET_ACK, FINISHED, WINNER, batch, block, framed, short};

/// Returns the bet with this document in braces.
fn keys(document: &str) -> String {
    format!(
        "{{PlayerName:Ana,PlayerSurname:Paz,PlayerDocID:{document},PlayerDateOfBirth:1980-01-01,WageredNumber:7574,\
         AgencyID:1}}"
    )
}

/// Returns the bet with this document in columns.
fn columns(agency: usize, document: usize, birthdate: &str) -> String {
    format!("{agency:05}{:10}{:10}{document:0>8}{birthdate}7574", "Ana", "Paz")
}

/// Returns the bytes of request `n`; its bets, if it has some, have the document `n`.
pub(super) fn request(dialect: Dialect, n: usize, of: &[u8]) -> Vec<u8> {
    let what = of[n % of.len()];
    let bet = format!("Ana|Paz|{n}|1980-01-01|7574");
    let text = match (dialect.name(), what) {
        ("block", 0..=2) => return block(BET, 1, bet.as_bytes()),
        ("block", 3 | 4) => return batch(1, &[&bet, &bet]),
        ("block", 5) => return block(FINISHED, 1, b""),
        ("block", 6..=9) => return block(WINNER, 1, b"1"),
        ("block", 10) => return block(BET, 1, b"Ana|Paz|1|1980-02-31|1"),
        ("block", 11) => return batch(1, &["not a bet"]),
        ("block", 12) => return block(FINISHED, 9, b""),
        ("block", _) => return block(9, 0, b""),
        ("framed", 0..=8) => return framed(format!("1;1\n{}\n", bet.replace('|', ";"))),
        ("framed", 9) => return framed("END"),
        ("framed", 10..=12) => return framed(&bet),
        ("fixed", 0..=8) => format!("A0000100001{:30}{:30}{n:0>8}1980-01-017574", "Ana", "Paz"),
        ("fixed", 9) => "F00001".into(),
        ("fixed", 10) => "C00001".into(),
        ("braces", 0..=4) => format!("B{};", keys(&n.to_string())),
        ("braces", 5) => "N{AgencyID:1};".into(),
        ("braces", 6..=8) => "Q{AgencyID:1};".into(),
        ("braces", 9) => "Q{AgencyID:1};;;".into(),
        ("braces", 10..=12) => format!("B{};", keys("x")),
        ("short", 0..=9) => return short(BET, 1, bet.as_bytes()),
        ("short", 10..=12) => return short(BET, 1, b"Ana|Paz|1|1980-02-31|1"),
        ("columns", 0..=9) => columns(1, n, "1980-01-01"),
        ("columns", 10..=12) => columns(1, n, "1980-02-31"),
        ("line", 0..=9) => format!("1;{}\n", bet.replace('|', ";")),
        ("line", 10..=12) => "1;Ana;Paz;1;1980-02-31;1\n".into(),
        ("bare", 0..=4) => format!("{};", keys(&n.to_string())),
        ("bare", 5..=9) => format!("{0},{0};", keys(&n.to_string())),
        ("bare", 10..=12) => format!("{},{};", keys("1"), keys("x")),
        ("echo", _) => format!("{n}\n"),
        // Malformed messages that end the connection.
        ("framed", _) => "09999999".into(),
        ("fixed", _) => "A0000199999".into(),
        ("braces", _) => "B{PlayerName:};".into(),
        ("short", _) => return short(BET, 1, b"Ana|Paz|1|1980-01-01"),
        ("columns", _) => columns(9, n, "1980-01-01"),
        ("line", _) => format!("9;{}\n", bet.replace('|', ";")),
        ("bare", _) => "{PlayerName:};".into(),
        (_, _) => String::new(),
    };
    text.into_bytes()
}

/// Content of a reply.
pub(super) enum ReplyContent<'a> {
    /// Answers the bet with that document.
    Bet(usize, bool),
    Batch(bool),
    Finished(bool),
    Pending,
    Winners(&'a [String]),
    Line(usize),
    /// Rejection that the machine made before the application saw the request; true if it was a single bet.
    Malformed(bool, &'a str),
    EarlierBets(&'a str),
}

/// Returns the reply, and true if the connection ends with it.
pub(super) fn encoded_reply(dialect: Dialect, reply: &ReplyContent<'_>, reason: &str) -> (Vec<u8>, bool) {
    let reason = match reply {
        ReplyContent::Malformed(_, of) | ReplyContent::EarlierBets(of) => of,
        _ => reason,
    };
    let failed = || match dialect.name() {
        "fixed" => (format!("E{:05}{reason}", reason.len()).into_bytes(), true),
        "framed" => (framed(format!("error;{reason}")), false),
        "line" => (format!("error;{reason}\n").into_bytes(), true),
        "short" | "columns" => (vec![], true),
        name => (format!("ERROR:{reason};").into_bytes(), name == "bare"),
    };
    let status = |stored: bool| if stored { "1" } else { "0" };
    let (text, ends) = match (dialect.name(), reply) {
        ("block", ReplyContent::Bet(n, stored)) => {
            return (block(BET_ACK, 1, format!("{n}|7574|{}", status(*stored)).as_bytes()), false);
        }
        ("block", ReplyContent::Malformed(true, _)) => return (block(BET_ACK, 1, b"1|1|0"), false),
        ("block", ReplyContent::Finished(stored)) => {
            return (block(BATCH_ACK, 1, status(*stored).as_bytes()), false);
        }
        ("block", ReplyContent::EarlierBets(_)) => return (block(BATCH_ACK, 1, b"0"), false),
        ("block", ReplyContent::Pending) => return (block(WINNER, 1, b"0"), false),
        ("block", ReplyContent::Winners(won)) => {
            return (block(WINNER, 1, format!("1{}", won.join("|")).as_bytes()), false);
        }
        ("block", _) | ("fixed", ReplyContent::Batch(true)) => return (vec![], false),
        (_, ReplyContent::Line(n)) => (format!("> {n}\n"), true),
        ("short", ReplyContent::Bet(n, true)) => {
            return (short(BET_ACK, 1, format!("{n}|7574|1").as_bytes()), true);
        }
        ("columns", ReplyContent::Bet(n, true)) => (columns(1, *n, "1980-01-01") + "\n", true),
        ("line", ReplyContent::Bet(_, true)) => ("success;Bet stored successfully.\n".into(), true),
        ("bare", ReplyContent::Bet(n, true)) => (keys(&n.to_string()) + ";", true),
        // END is answered only with the winners.
        ("framed", ReplyContent::Finished(stored)) => (String::new(), !stored),
        ("framed", ReplyContent::EarlierBets(_) | ReplyContent::Pending) => (String::new(), true),
        (
            _,
            ReplyContent::Malformed(..)
            | ReplyContent::EarlierBets(_)
            | ReplyContent::Bet(_, false)
            | ReplyContent::Batch(false)
            | ReplyContent::Finished(false),
        ) => return failed(),
        ("fixed", ReplyContent::Finished(true)) => ("O".into(), true),
        ("fixed", ReplyContent::Pending) => ("N".into(), true),
        ("fixed", ReplyContent::Winners(won)) => {
            let columns: Vec<String> = won.iter().map(|document| format!("{document:0>8}")).collect();
            (format!("R{:05}{}", won.len(), columns.concat()), true)
        }
        ("framed", ReplyContent::Winners(won)) => return (framed(won.join(";")), true),
        ("framed", _) => return (framed("success;Batch stored successfully."), false),
        (_, ReplyContent::Pending) => ("W;".into(), false),
        (_, ReplyContent::Winners(won)) => {
            let won: Vec<String> = won.iter().map(|document| format!("{{PlayerDocID:{document}}}")).collect();
            (format!("R{};", won.join(",")), false)
        }
        (_, ReplyContent::Finished(_)) => ("ACK_NOTIFY;".into(), false),
        (_, _) => ("ACK_CHUNK;".into(), dialect.profile().one_message),
    };
    (text.into_bytes(), ends)
}
