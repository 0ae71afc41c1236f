//! Bets of the fast path, which reads a whole bet at once, with two mistakes that could hide each other, or
//! with an end where there should be none.

use lottery_proto::block::decode_batch;
use lottery_proto::{DecodeError, Problem};
use lottery_testkit::{
    ANA, BATCH, BET, ServerEvent, batch, block, framed, give, packet, server, server_events,
};

fn decode(block: &[u8]) -> (usize, Result<(), DecodeError>) {
    let mut bets = 0;
    let result = decode_batch(block, |_| bets += 1);
    (bets, result)
}

#[test]
fn the_same_fault_in_two_fields_is_detected() {
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
        give(&mut server, lottery_testkit::at(0), &framed(body));
        assert!(matches!(server_events(&mut server)[..], [ServerEvent::Rejected(1, _)]), "{wrong}");
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

#[test]
fn no_bet_is_decoded_beyond_the_count_of_a_batch() {
    let payload = [&[1][..], &packet(BET, 1, ANA.as_bytes()).repeat(4)].concat();
    let (bets, result) = decode(&block(BATCH, 1, &payload));
    assert_eq!((bets, result.unwrap_err().problem), (1, Problem::BetCount { said: 1, found: 2 }));
}

#[test]
fn each_bet_is_cut_at_its_own_separators() {
    // Packets of 47 bytes: four of them are as long as the distance from a bet to some window behind it.
    let line = |nth: usize| {
        let first = "a".repeat(1 + nth);
        let last = "b".repeat(15 - nth);
        format!("{first}|{last}|20000001|1980-01-01|{}", 70_000 + nth)
    };
    let lines: Vec<String> = (0..12).map(line).collect();
    assert!(lines.iter().all(|line| packet(BET, 1, line.as_bytes()).len() == 47));
    let mut read = Vec::new();
    decode_batch(&batch(1, &lines), |bet| read.push(lottery_testkit::text(&bet))).unwrap();
    assert_eq!(read, lines);
}
