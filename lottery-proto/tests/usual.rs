//! Bets that are looked at all at once because they look like most, and are wrong in two places that could hide each
//! other, or end where they should not.

mod common;

use common::{ANA, BATCH, BET, Seen, batch, block, framed, give, packet, seen, server};
use lottery_proto::block::decode_batch;
use lottery_proto::{DecodeError, Problem};

fn decode(block: &[u8]) -> (usize, Result<(), DecodeError>) {
    let mut bets = 0;
    let result = decode_batch(block, |_| bets += 1);
    (bets, result)
}

#[test]
fn the_same_mistake_in_two_fields_is_a_mistake() {
    for wrong in [
        "Ana|Paz|2000000x|1980-01-01|757x",
        "Ana|Paz|2000000:|1980-01-01|757:",
        "Ana|Paz|x0000001|1980-01-01|x7574757",
        "Ana|Paz|20000x01|1980x01-01|7574",
    ] {
        let (bets, result) = decode(&batch(1, &[wrong, ANA, ANA, ANA]));
        assert_eq!((bets, result.unwrap_err().bet), (0, Some(1)), "{wrong}");
        let mut server = server();
        let body = format!("1;2\n{}\n{}\n", wrong.replace('|', ";"), ANA.replace('|', ";"));
        give(&mut server, common::at(0), &framed(body));
        assert!(matches!(seen(&mut server)[..], [Seen::Refused(1, _)]), "{wrong}");
    }
}

#[test]
fn a_bet_that_ends_before_its_last_separator_has_four_fields() {
    let short = packet(BET, 1, b"Ana|Paz|20000001|1980-01-01");
    let payload = [&[2][..], &short, b"|7574", &packet(BET, 1, ANA.as_bytes()).repeat(3)].concat();
    let (_, result) = decode(&block(BATCH, 1, &payload));
    let error = result.unwrap_err();
    assert_eq!((error.bet, error.problem), (Some(1), Problem::FieldCount { found: 4 }));
}

#[test]
fn a_control_character_is_found_anywhere_in_the_names() {
    for at in (0..20).chain(21..48) {
        let mut line = format!("{}|{}|1|1980-01-01|1", "a".repeat(20), "b".repeat(27)).into_bytes();
        assert_eq!(line.len(), 63, "the longest that is looked at all at once");
        line[at] = 0x1F;
        let (bets, result) = decode(&batch(1, &[&line[..], &line, &line]));
        assert_eq!((bets, result.unwrap_err().bet), (0, Some(1)), "{at}");
    }
}
