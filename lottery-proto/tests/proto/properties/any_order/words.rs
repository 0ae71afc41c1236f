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
        (Dialect::Block, 0..=2) => return block(BET, 1, bet.as_bytes()),
        (Dialect::Block, 3 | 4) => return batch(1, &[&bet, &bet]),
        (Dialect::Block, 5) => return block(FINISHED, 1, b""),
        (Dialect::Block, 6..=9) => return block(WINNER, 1, b"1"),
        (Dialect::Block, 10) => return block(BET, 1, b"Ana|Paz|1|1980-02-31|1"),
        (Dialect::Block, 11) => return batch(1, &["not a bet"]),
        (Dialect::Block, 12) => return block(FINISHED, 9, b""),
        (Dialect::Block, _) => return block(9, 0, b""),
        (Dialect::Framed, 0..=8) => return framed(format!("1;1\n{}\n", bet.replace('|', ";"))),
        (Dialect::Framed, 9) => return framed("END"),
        (Dialect::Framed, 10..=12) => return framed(&bet),
        (Dialect::Fixed, 0..=8) => format!("A0000100001{:30}{:30}{n:0>8}1980-01-017574", "Ana", "Paz"),
        (Dialect::Fixed, 9) => "F00001".into(),
        (Dialect::Fixed, 10) => "C00001".into(),
        (Dialect::Braces, 0..=4) => format!("B{};", keys(&n.to_string())),
        (Dialect::Braces, 5) => "N{AgencyID:1};".into(),
        (Dialect::Braces, 6..=8) => "Q{AgencyID:1};".into(),
        (Dialect::Braces, 9) => "Q{AgencyID:1};;;".into(),
        (Dialect::Braces, 10..=12) => format!("B{};", keys("x")),
        (Dialect::Echo, _) => format!("{n}\n"),
        // Malformed messages that end the connection, in the dialects that have them.
        (Dialect::Framed, _) => "09999999".into(),
        (Dialect::Fixed, _) => "A0000199999".into(),
        (Dialect::Braces, _) => "B{PlayerName:};".into(),
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
        Dialect::Fixed => (format!("E{:05}{reason}", reason.len()).into_bytes(), true),
        Dialect::Framed => (framed(format!("error;{reason}")), false),
        _ => (format!("ERROR:{reason};").into_bytes(), false),
    };
    let status = |stored: bool| if stored { "1" } else { "0" };
    let (text, ends) = match (dialect, reply) {
        (Dialect::Block, ReplyContent::Bet(n, stored)) => {
            return (block(BET_ACK, 1, format!("{n}|7574|{}", status(*stored)).as_bytes()), false);
        }
        (Dialect::Block, ReplyContent::Malformed(true, _)) => return (block(BET_ACK, 1, b"1|1|0"), false),
        (Dialect::Block, ReplyContent::Finished(stored)) => {
            return (block(BATCH_ACK, 1, status(*stored).as_bytes()), false);
        }
        (Dialect::Block, ReplyContent::EarlierBets(_)) => return (block(BATCH_ACK, 1, b"0"), false),
        (Dialect::Block, ReplyContent::Pending) => return (block(WINNER, 1, b"0"), false),
        (Dialect::Block, ReplyContent::Winners(won)) => {
            return (block(WINNER, 1, format!("1{}", won.join("|")).as_bytes()), false);
        }
        (Dialect::Block, _) | (Dialect::Fixed, ReplyContent::Batch(true)) => return (vec![], false),
        (_, ReplyContent::Line(n)) => (format!("> {n}\n"), true),
        // END is answered only with the winners.
        (Dialect::Framed, ReplyContent::Finished(stored)) => (String::new(), !stored),
        (Dialect::Framed, ReplyContent::EarlierBets(_) | ReplyContent::Pending) => (String::new(), true),
        (_, ReplyContent::Malformed(_, reason) | ReplyContent::EarlierBets(reason)) => return failed(reason),
        (_, ReplyContent::Batch(false) | ReplyContent::Finished(false)) => return failed(reason),
        (Dialect::Fixed, ReplyContent::Finished(true)) => ("O".into(), true),
        (Dialect::Fixed, ReplyContent::Pending) => ("N".into(), true),
        (Dialect::Fixed, ReplyContent::Winners(won)) => {
            let columns: Vec<String> = won.iter().map(|document| format!("{document:0>8}")).collect();
            (format!("R{:05}{}", won.len(), columns.concat()), true)
        }
        (Dialect::Framed, ReplyContent::Winners(won)) => return (framed(won.join(";")), true),
        (Dialect::Framed, _) => return (framed("success;Batch stored successfully."), false),
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
