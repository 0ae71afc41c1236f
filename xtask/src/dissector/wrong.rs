//! Conversations with mistakes: valid messages of a client in which some bytes are changed.

use lottery_proto::Dialect;
use lottery_testkit::{ANA, JOSE, Rng, at, bet, client_of, give, take, welcome};

use super::conversation::Conversation;

/// Bytes that are likely to matter: separators, digits, control characters, parts of characters.
const BYTES: &[u8] = b"|;,:{}0123456789 -AFCBNQZ\n\r\0\x01\x05\x07\x09\x7F\x85\xC2\xC3\xE9\xFF";

/// Returns `count` conversations for each dialect, of that seed.
pub(super) fn all(seed: u64, count: usize) -> Vec<Conversation> {
    let mut rng = Rng::new(seed);
    let mut all = Vec::new();
    for dialect in Dialect::ALL {
        let valid = valid(*dialect);
        for number in 0..count {
            let mut conversation = Conversation::new(format!("{dialect} with a mistake, {number}"), None);
            conversation.push(true, corrupted(&valid, &mut rng));
            conversation.fin_at_once = rng.one_in(4);
            all.push(conversation);
        }
    }
    all
}

/// Returns the bytes of two batches and the end, as far as the dialect has them.
fn valid(dialect: Dialect) -> Vec<u8> {
    let mut client = client_of(dialect, 2);
    let mut bytes = take(&mut client, at(0));
    if dialect == Dialect::ECHO {
        return b"[CLIENT 2] Message N 1\nmore\n".to_vec();
    }
    let bets = [bet(ANA), bet(JOSE)];
    if dialect == Dialect::SESSION {
        // It sends nothing before Welcome.
        let welcome = welcome(2, 0, false, 16, 0);
        give(&mut client, at(0), &welcome);
        while client.poll_event().is_some() {}
    }
    let most = if dialect.profile().one_bet { 1 } else { 2 };
    client.send_batch(at(0), &bets[..most]).expect("bets can be sent");
    bytes.extend(take(&mut client, at(0)));
    if !dialect.profile().waits_for_answers && client.send_finished(at(0)).is_ok() {
        bytes.extend(take(&mut client, at(0)));
    }
    bytes
}

fn corrupted(valid: &[u8], rng: &mut Rng) -> Vec<u8> {
    let mut bytes = valid.to_vec();
    for _ in 0..rng.between(1, 2) {
        // Most of a block is padding.
        let near = bytes.len().min(*rng.pick(&[4, 16, 120, 240, 240]));
        let start = if rng.one_in(3) { bytes.len() - near } else { 0 };
        let at = start + rng.index(near);
        let byte = *rng.pick(BYTES);
        match rng.below(6) {
            0 => bytes.insert(at, byte),
            1 => drop(bytes.remove(at)),
            2 => bytes.truncate(at.max(1)),
            3 => bytes[at] = bytes[at].wrapping_add(1),
            _ => bytes[at] = byte,
        }
    }
    bytes
}
