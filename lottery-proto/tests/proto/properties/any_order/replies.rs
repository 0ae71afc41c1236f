//! Replies of a server of each dialect, as a client takes them.

use lottery_proto::Dialect;
use lottery_testkit::{BATCH, BATCH_ACK, BET, BET_ACK, ClientEvent, FINISHED, WINNER, block, framed, short};

/// Returns reply `n` to this message of a client, and the event that it causes; `None` if the dialect has no reply to
/// that. Every other reply is a rejection, where there are some, or "not yet".
pub(super) fn reply(dialect: Dialect, kind: u8, n: usize, message: &[u8]) -> Option<(Vec<u8>, ClientEvent)> {
    let good = n.is_multiple_of(2);
    let document = n.to_string();
    let event = |good| match kind {
        BET => ClientEvent::Bet(good),
        BATCH => ClientEvent::Batch(good),
        _ => ClientEvent::Finished(good),
    };
    let rejected = || ClientEvent::Rejected(if kind == BET { "bet" } else { "batch" }, "no".into());
    let either = |yes: Vec<u8>, no: Vec<u8>| if good { (yes, event(true)) } else { (no, rejected()) };
    let won = || ClientEvent::Winners(vec![document.clone()]);
    let status = if good { "1" } else { "0" };
    // An earlier server speaks the messages of another dialect, and sometimes leaves the reply to Finished out.
    let (messages, _) = dialect.name().split_once('-').unwrap_or((dialect.name(), ""));
    if kind == FINISHED && !dialect.profile().answers_finished && !good {
        return None;
    }
    Some(match (messages, kind) {
        ("block", BATCH) | ("fixed", BET | BATCH) => return None,
        ("block", BET) => (block(BET_ACK, 1, b"20000001|7574|1"), event(true)),
        ("block", FINISHED) => (block(BATCH_ACK, 1, b"0"), event(false)),
        ("block", WINNER) if good => (block(WINNER, 1, b"0"), ClientEvent::Pending),
        ("block", _) => (block(WINNER, 1, format!("1{document}").as_bytes()), won()),
        ("fixed", FINISHED) if dialect == Dialect::FIXED_6 => (b"OK".to_vec(), event(true)),
        ("fixed", FINISHED) => (b"O".to_vec(), event(true)),
        ("fixed", _) if good => (b"N".to_vec(), ClientEvent::Pending),
        ("fixed", _) => (format!("R00001{document:0>8}").into_bytes(), won()),
        ("framed", FINISHED) => (framed(&document), won()),
        ("framed", _) => either(framed("success;Batch stored successfully."), framed("error;no")),
        ("braces", FINISHED) => (b"ACK_NOTIFY;".to_vec(), event(true)),
        ("braces", WINNER) if good => (b"W;".to_vec(), ClientEvent::Pending),
        ("braces", WINNER) => (format!("R{{PlayerDocID:{document}}};").into_bytes(), won()),
        ("braces", _) => either(b"ACK_CHUNK;".to_vec(), b"ERROR:no;".to_vec()),
        ("short", _) => {
            let bet = if kind == BET { "20000001|7574" } else { "20000003|8" };
            (short(BET_ACK, 1, format!("{bet}|{status}").as_bytes()), event(good))
        }
        ("columns", _) => ([message, b"\n"].concat(), event(true)),
        ("line", _) => either(b"success;Bet stored successfully.\n".to_vec(), b"error;no\n".to_vec()),
        ("bare", BET) => either(message.to_vec(), b"ERROR:no;".to_vec()),
        ("bare", _) => either(b"ACK_CHUNK;".to_vec(), b"no;".to_vec()),
        other => panic!("{other:?}"),
    })
}
