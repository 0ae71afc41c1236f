//! The batch decoder against a slow and obvious one, on valid and on corrupted batches.

use lottery_proto::block::decode_batch;
use lottery_proto::server::{Event, RejectedBy};
use lottery_proto::{CloseReason, State, Violation};
use lottery_testkit::reference::{self, Outcome};
use lottery_testkit::{ANA, BLOCK, JOSE, Rng, ServerEvent, batch, give, server, server_events, text};

fn decoded(block: &[u8]) -> Outcome {
    let mut bets = Vec::new();
    match decode_batch(block, |bet| bets.push(text(&bet))) {
        Ok(()) => Ok(bets),
        Err(error) if error.is_about_a_bet() => Err(error.bet.expect("it says which bet")),
        Err(_) => Err(0),
    }
}

/// Returns the server's result for the block, after checking both ways to iterate the bets.
fn served(block: &[u8]) -> Outcome {
    let mut server = server();
    give(&mut server, lottery_testkit::at(0), block);
    match server.poll_event() {
        Some(Event::Batch { bets, .. }) => {
            assert_eq!(bets.len(), bets.iter().len());
            assert!(bets.iter().eq((&bets).into_iter()));
            let texts: Vec<String> = bets.into_iter().map(|bet| text(&bet)).collect();
            assert_eq!((texts.len(), texts.is_empty()), (bets.len(), bets.is_empty()));
            Ok(texts)
        }
        Some(Event::Rejected { error: RejectedBy::Malformed(error), .. }) => {
            assert_eq!(server.state(), State::Open);
            Err(error.bet.unwrap())
        }
        None => {
            server.handle(lottery_testkit::at(0), lottery_proto::Input::FinSent);
            server.handle(lottery_testkit::at(0), lottery_proto::Input::Eof);
            let events = server_events(&mut server);
            let peer =
                matches!(events[..], [ServerEvent::Closed(CloseReason::Peer(Violation::Malformed(_)))]);
            assert!(peer, "{events:?}");
            Err(0)
        }
        other => panic!("{other:?}"),
    }
}

const NAMES: &[&str] = &["Ana", "José María", "Ñ", "李小龍", "O'Neill 3rd", "\u{A0}", "\u{10FFFF}", "a", "Â"];

fn name(rng: &mut Rng) -> String {
    let mut name = rng.pick(NAMES).to_string();
    let more = *rng.pick(&[0, 0, 0, 0, 5, 30, 240]);
    for _ in 0..rng.index(more + 1) {
        name.push(*rng.pick(&['x', ' ', 'z']));
    }
    name
}

fn digits(rng: &mut Rng, count: usize) -> String {
    (0..count).map(|_| *rng.pick(&['0', '1', '5', '9'])).collect()
}

fn valid_bet(rng: &mut Rng) -> Vec<u8> {
    let count = if rng.one_in(2) { 8 } else { 1 + rng.index(20) };
    let document = digits(rng, count);
    let date = format!("{:04}-{:02}-{:02}", 1 + rng.index(9999), 1 + rng.index(12), 1 + rng.index(28));
    let number = match rng.index(4) {
        0 => digits(rng, 4),
        1 => format!("{:0>9}", rng.index(10_000)),
        2 => format!("{:0>12}", rng.next_u64() % (1 << 32)),
        _ => (rng.next_u64() % (1 << 32)).to_string(),
    };
    let (mut first, last) = (name(rng), name(rng));
    if rng.one_in(3) {
        // Lengths near the limit of the fast path, which reads a bet at once.
        let length = 61 + rng.index(6);
        while first.len() + last.len() + document.len() + date.len() + number.len() + 4 < length {
            first.push('y');
        }
    }
    format!("{first}|{last}|{document}|{date}|{number}").into_bytes()
}

const BYTES: &[u8] = b"|09:/-\x00\x1F\x20\x7F\x80\x85\x9F\xA0\xBF\xC2\xC3\xE2\xFF aZ\x01\x03\n";

/// Changes, inserts or removes a byte, or swaps two.
fn corrupt(bytes: &mut Vec<u8>, rng: &mut Rng) {
    let at = rng.index(bytes.len().max(1));
    let byte = if rng.one_in(3) { rng.next_u64().to_le_bytes()[0] } else { *rng.pick(BYTES) };
    match rng.index(5) {
        _ if bytes.is_empty() => bytes.push(byte),
        0 => bytes[at] = byte,
        1 => bytes[at] ^= 1 << rng.index(8),
        2 => bytes.insert(at, byte),
        3 => drop(bytes.remove(at)),
        _ => {
            let bars: Vec<usize> = (0..bytes.len()).filter(|&at| bytes[at] == b'|').collect();
            let bar = if bars.is_empty() { 0 } else { *rng.pick(&bars) };
            bytes.swap(at, bar);
        }
    }
}

fn agree(block: &[u8]) -> Outcome {
    let outcome = decoded(block);
    assert_eq!(outcome, reference::decode(block), "{}", block[..700].escape_ascii());
    outcome
}

#[test]
fn valid_batches_decode_as_in_the_reference() {
    let mut rng = Rng::new(1);
    for round in 0..3_000_u16 {
        let mut bets: Vec<Vec<u8>> = (0..rng.index(12)).map(|_| valid_bet(&mut rng)).collect();
        bets.truncate(if round % 3 == 0 { 3 } else { 12 });
        // An agency of 128 or more makes the batch as a whole invalid UTF-8.
        let agency =
            if rng.one_in(3) { rng.next_u64().to_le_bytes()[0] } else { 1 + round.to_le_bytes()[0] % 5 };
        let block = batch(agency, &bets);
        assert_eq!(agree(&block).map(|bets| bets.len()), Ok(bets.len()));
        if (1..=5).contains(&agency) {
            assert_eq!(served(&block), reference::decode(&block));
        }
    }
}

#[test]
fn every_byte_in_every_place_decodes_as_in_the_reference() {
    let good = batch(3, &[ANA, JOSE, ANA]);
    let mut block = good.clone();
    for at in 0..5 + 36 + 49 + 36 {
        for byte in 0..=255 {
            block[at] = byte;
            let _ = agree(&block);
        }
        block[at] = good[at];
    }
}

#[test]
fn corrupted_batches_decode_as_in_the_reference() {
    let mut rng = Rng::new(2);
    let (mut taken, mut bets_rejected, mut broken) = (0, 0, 0);
    let mut block = vec![0; BLOCK];
    for round in 0..120_000 {
        let mut bets: Vec<Vec<u8>> = (0..=rng.index(4)).map(|_| valid_bet(&mut rng)).collect();
        // Damage in the fields, where the frames stay as they are; in a frame; or anywhere.
        let place = rng.index(3);
        if place == 0 {
            for _ in 0..=rng.index(2) {
                let which = rng.index(bets.len());
                corrupt(&mut bets[which], &mut rng);
            }
        }
        let mut payload = vec![u8::try_from(bets.len()).unwrap()];
        payload.extend(bets.iter().flat_map(|bet| lottery_testkit::packet(1, 1, bet)));
        let mut packet = lottery_testkit::packet(3, 1, &payload);
        match place {
            0 => {}
            1 => {
                let start = if rng.one_in(2) { 0 } else { 5 };
                packet[start + rng.index(5)] ^= 1 << rng.index(8);
            }
            _ => corrupt(&mut packet, &mut rng),
        }
        block[..packet.len()].copy_from_slice(&packet);
        match agree(&block) {
            Ok(_) => taken += 1,
            Err(0) => broken += 1,
            Err(_) => bets_rejected += 1,
        }
        if round % 20 == 0 && block[0] == 3 && block[1] == 1 {
            assert_eq!(served(&block), reference::decode(&block));
        }
        block[..packet.len()].fill(0);
    }
    println!("{taken} taken, {bets_rejected} with refused bets, {broken} broken");
    assert!(taken > 10_000 && bets_rejected > 10_000 && broken > 10_000);
}
