//! Bytes of each dialect's requests and replies.

use lottery_proto::Dialect;
use lottery_testkit::{BATCH_ACK, BET, BET_ACK, FINISHED, WINNER, batch, block, framed};

/// Returns the bytes of request `n`; its bets, if it has some, have the document `n`.
pub(super) fn request(dialect: Dialect, n: usize, of: &[u8]) -> Vec<u8> {
    let what = of[n % of.len()];
    let bet = format!("Ana|Paz|{n}|1980-01-01|7574");
    let keys = |n: &str| {
        format!(
            "{{PlayerName:Ana,PlayerSurname:Paz,PlayerDocID:{n},PlayerDateOfBirth:1980-01-01,WageredNumber:7574,\
             AgencyID:1}}"
        )
    };
    let text = match (dialect, what) {
        (Dialect::BLOCK, 0..=2) => return block(BET, 1, bet.as_bytes()),
        (Dialect::BLOCK, 3 | 4) => return batch(1, &[&bet, &bet]),
        (Dialect::BLOCK, 5) => return block(FINISHED, 1, b""),
        (Dialect::BLOCK, 6..=9) => return block(WINNER, 1, b"1"),
        (Dialect::BLOCK, 10) => return block(BET, 1, b"Ana|Paz|1|1980-02-31|1"),
        (Dialect::BLOCK, 11) => return batch(1, &["not a bet"]),
        (Dialect::BLOCK, 12) => return block(FINISHED, 9, b""),
        (Dialect::BLOCK, _) => return block(9, 0, b""),
        (Dialect::FRAMED, 0..=8) => return framed(format!("1;1\n{}\n", bet.replace('|', ";"))),
        (Dialect::FRAMED, 9) => return framed("END"),
        (Dialect::FRAMED, 10..=12) => return framed(&bet),
        (Dialect::FIXED, 0..=8) => format!("A0000100001{:30}{:30}{n:0>8}1980-01-017574", "Ana", "Paz"),
        (Dialect::FIXED, 9) => "F00001".into(),
        (Dialect::FIXED, 10) => "C00001".into(),
        (Dialect::BRACES, 0..=4) => format!("B{};", keys(&n.to_string())),
        (Dialect::BRACES, 5) => "N{AgencyID:1};".into(),
        (Dialect::BRACES, 6..=8) => "Q{AgencyID:1};".into(),
        (Dialect::BRACES, 9) => "Q{AgencyID:1};;;".into(),
        (Dialect::BRACES, 10..=12) => format!("B{};", keys("x")),
        (Dialect::ECHO, _) => format!("{n}\n"),
        // Malformed messages that end the connection, in the dialects that have them.
        (Dialect::FRAMED, _) => "09999999".into(),
        (Dialect::FIXED, _) => "A0000199999".into(),
        (Dialect::BRACES, _) => "B{PlayerName:};".into(),
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
    let failed = |reason: &str| match dialect {
        Dialect::FIXED => (format!("E{:05}{reason}", reason.len()).into_bytes(), true),
        Dialect::FRAMED => (framed(format!("error;{reason}")), false),
        _ => (format!("ERROR:{reason};").into_bytes(), false),
    };
    let status = |stored: bool| if stored { "1" } else { "0" };
    let (text, ends) = match (dialect, reply) {
        (Dialect::BLOCK, ReplyContent::Bet(n, stored)) => {
            return (block(BET_ACK, 1, format!("{n}|7574|{}", status(*stored)).as_bytes()), false);
        }
        (Dialect::BLOCK, ReplyContent::Malformed(true, _)) => return (block(BET_ACK, 1, b"1|1|0"), false),
        (Dialect::BLOCK, ReplyContent::Finished(stored)) => {
            return (block(BATCH_ACK, 1, status(*stored).as_bytes()), false);
        }
        (Dialect::BLOCK, ReplyContent::EarlierBets(_)) => return (block(BATCH_ACK, 1, b"0"), false),
        (Dialect::BLOCK, ReplyContent::Pending) => return (block(WINNER, 1, b"0"), false),
        (Dialect::BLOCK, ReplyContent::Winners(won)) => {
            return (block(WINNER, 1, format!("1{}", won.join("|")).as_bytes()), false);
        }
        (Dialect::BLOCK, _) | (Dialect::FIXED, ReplyContent::Batch(true)) => return (vec![], false),
        (_, ReplyContent::Line(n)) => (format!("> {n}\n"), true),
        // END is answered only with the winners.
        (Dialect::FRAMED, ReplyContent::Finished(stored)) => (String::new(), !stored),
        (Dialect::FRAMED, ReplyContent::EarlierBets(_) | ReplyContent::Pending) => (String::new(), true),
        (_, ReplyContent::Malformed(_, reason) | ReplyContent::EarlierBets(reason)) => return failed(reason),
        (_, ReplyContent::Batch(false) | ReplyContent::Finished(false)) => return failed(reason),
        (Dialect::FIXED, ReplyContent::Finished(true)) => ("O".into(), true),
        (Dialect::FIXED, ReplyContent::Pending) => ("N".into(), true),
        (Dialect::FIXED, ReplyContent::Winners(won)) => {
            let columns: Vec<String> = won.iter().map(|document| format!("{document:0>8}")).collect();
            (format!("R{:05}{}", won.len(), columns.concat()), true)
        }
        (Dialect::FRAMED, ReplyContent::Winners(won)) => return (framed(won.join(";")), true),
        (Dialect::FRAMED, _) => return (framed("success;Batch stored successfully."), false),
        (_, ReplyContent::Pending) => ("W;".into(), false),
        (_, ReplyContent::Winners(won)) => {
            let won: Vec<String> = won.iter().map(|document| format!("{{PlayerDocID:{document}}}")).collect();
            (format!("R{};", won.join(",")), false)
        }
        (_, ReplyContent::Finished(_)) => ("ACK_NOTIFY;".into(), false),
        (_, _) => ("ACK_CHUNK;".into(), false),
    };
    (text.into_bytes(), ends)
}
