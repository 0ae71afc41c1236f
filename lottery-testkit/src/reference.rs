//! Slow and obvious decoder of batches, which shares no code with the real one. Both have to agree, in tests and
//! in fuzzing.

use jiff::civil::Date;

use crate::packets::BLOCK;

/// Payloads of the bets; or the number of the only bet at fault, 0 for the packet.
pub type Outcome = Result<Vec<String>, usize>;

/// Decodes as `docs/protocol.md#block` says, step by step.
///
/// # Errors
///
/// Returns the number of the bet at fault.
pub fn decode(block: &[u8]) -> Outcome {
    let word = |at: usize| usize::from(block[at]) + 256 * usize::from(block[at + 1]);
    let size = word(2);
    if !(4..=BLOCK).contains(&size) || block[0] != 3 || size < 5 {
        return Err(0);
    }
    let (agency, count) = (block[1], block[4]);
    let mut at = 5;
    let mut bets = Vec::new();
    for number in 1..=usize::from(count) {
        if size - at < 4 || block[at] != 1 || block[at + 1] != agency {
            return Err(0);
        }
        let bet_size = word(at + 2);
        if bet_size < 4 || bet_size > size - at {
            return Err(0);
        }
        bets.push(decode_bet(&block[at + 4..at + bet_size]).ok_or(number)?);
        at += bet_size;
    }
    if at == size { Ok(bets) } else { Err(0) }
}

fn decode_bet(payload: &[u8]) -> Option<String> {
    let fields: Vec<&[u8]> = payload.split(|&byte| byte == b'|').collect();
    bet(&fields.try_into().ok()?)
}

/// Returns the fields with `|` between them, the number without leading zeros, if they are a bet
/// (`docs/protocol.md#bets`).
pub fn bet(fields: &[&[u8]; 5]) -> Option<String> {
    let mut texts = Vec::new();
    for field in fields {
        texts.push(std::str::from_utf8(field).ok()?.to_string());
    }
    for name in &texts[..2] {
        let control = name.chars().any(|c| c < ' ' || ('\u{7F}'..='\u{9F}').contains(&c));
        if name.is_empty() || name.len() > 255 || control {
            return None;
        }
    }
    let digits = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_digit());
    if !digits(&texts[2]) || texts[2].len() > 20 || !is_date(&texts[3]) || !digits(&texts[4]) {
        return None;
    }
    let number = texts[4].trim_start_matches('0');
    if number.len() > 10 || number.parse::<u64>().is_ok_and(|number| number > u64::from(u32::MAX)) {
        return None;
    }
    texts[4] = if number.is_empty() { "0".into() } else { number.into() };
    Some(texts.join("|"))
}

fn is_date(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let lengths: Vec<usize> = parts.iter().map(|part| part.len()).collect();
    if lengths != [4, 2, 2] || !parts.iter().all(|part| part.chars().all(|c| c.is_ascii_digit())) {
        return false;
    }
    let (year, month, day) =
        (parts[0].parse().unwrap(), parts[1].parse().unwrap(), parts[2].parse().unwrap());
    year > 0 && Date::new(year, month, day).is_ok()
}
