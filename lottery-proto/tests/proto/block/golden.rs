//! Whole blocks of every packet in both directions, byte for byte. The bytes are written by hand from
//! `docs/protocol.md#block`.

use lottery_proto::server::Event;
use lottery_proto::{Client, Failure, Receipt, Server, WinnersReply};
use lottery_testkit::{
    ANA, BATCH, BET, BLOCK, ClientEvent, FINISHED, JOSE, ServerEvent, WINNER, at, bet, client, client_events,
    give, server, server_events, take,
};

/// Bet, agency 1, 36 bytes: `Ana|Paz|20000001|1980-01-01|7574`.
const BET_ANA: &str = "01 01 24 00  41 6e 61 7c 50 61 7a 7c 32 30 30 30 30 30 30 31 7c
    31 39 38 30 2d 30 31 2d 30 31 7c 37 35 37 34";

/// Batch, agency 1, 90 bytes: two bets, of 36 and 49 bytes. The names of the second have two letters of two
/// bytes each.
const BATCH_OF_TWO: &str = "03 01 5a 00  02
    01 01 24 00  41 6e 61 7c 50 61 7a 7c 32 30 30 30 30 30 30 31 7c
    31 39 38 30 2d 30 31 2d 30 31 7c 37 35 37 34
    01 01 31 00  4a 6f 73 c3 a9 20 4d 61 72 c3 ad 61 7c 64 65 20 6c 61 20 43 72 75 7a 7c
    32 30 30 30 30 30 30 33 7c 32 30 30 30 2d 30 32 2d 32 39 7c 38";

const NO_BETS: &str = "03 01 05 00  00";
const FINISHED_1: &str = "04 01 04 00";
const WINNERS_QUERY: &str = "06 01 05 00  31";

/// `BetAck`, 19 bytes: `20000001|7574|1`, then the same with 0.
const BET_STORED: &str = "02 01 13 00  32 30 30 30 30 30 30 31 7c 37 35 37 34 7c 31";

const BET_REJECTED: &str = "02 01 13 00  32 30 30 30 30 30 30 31 7c 37 35 37 34 7c 30";
const STORED: &str = "05 01 05 00  31";
const REJECTED: &str = "05 01 05 00  30";
const PENDING: &str = "06 01 05 00  30";
const NO_WINNERS: &str = "06 01 05 00  31";

/// Winner, 22 bytes: `120000001|20000003`.
const TWO_WINNERS: &str = "06 01 16 00  31 32 30 30 30 30 30 30 31 7c 32 30 30 30 30 30 30 33";

fn hex(text: &str) -> Vec<u8> {
    let mut block: Vec<u8> =
        text.split_whitespace().map(|byte| u8::from_str_radix(byte, 16).unwrap()).collect();
    block.resize(BLOCK, 0);
    block
}

fn rejected<'a>() -> Failure<'a> {
    Failure { code: lottery_proto::Code::Storage, text: "the disk is full" }
}

/// Answers the next request of the server; true if there was one.
fn answer(server: &mut Server, stored: bool, winners: Option<&[String]>) -> bool {
    let now = at(0);
    let receipt = if stored { Receipt::Stored { total: 1 } } else { Receipt::Rejected(rejected()) };
    match server.poll_event() {
        Some(Event::Bet { ticket, .. } | Event::Batch { ticket, .. } | Event::Finished { ticket, .. }) => {
            server.reply(now, ticket, receipt).unwrap();
        }
        Some(Event::WinnersQuery { ticket, .. }) => match winners {
            Some(winners) => server.reply_winners(now, ticket, winners).unwrap(),
            None => server.reply(now, ticket, WinnersReply::Pending).unwrap(),
        },
        _ => return false,
    }
    true
}

fn ask(client: &mut Client, kind: u8) {
    let now = at(0);
    match kind {
        BET => client.send_bet(now, &bet(ANA)).unwrap(),
        BATCH => assert_eq!(client.send_batch(now, &[bet(ANA), bet(JOSE)]), Ok(2)),
        FINISHED => client.send_finished(now).unwrap(),
        _ => client.ask_winners(now).unwrap(),
    }
}

#[test]
fn a_client_sends_these_blocks_and_a_server_reads_them() {
    let texts = |bets: &[&str]| bets.iter().map(ToString::to_string).collect::<Vec<_>>();
    for (kind, expected, event) in [
        (BET, BET_ANA, ServerEvent::Bet(texts(&[ANA]))),
        (BATCH, BATCH_OF_TWO, ServerEvent::Batch(texts(&[ANA, JOSE]))),
        (FINISHED, FINISHED_1, ServerEvent::Finished),
        (WINNER, WINNERS_QUERY, ServerEvent::WinnersQuery),
    ] {
        let mut client = client(1);
        ask(&mut client, kind);
        let mut sent = take(&mut client, at(0));
        assert_eq!(sent, hex(expected));

        // Bytes of the padding are ignored.
        let size = usize::from(sent[2]);
        sent[size..].fill(0xFF);
        let mut server = server();
        give(&mut server, at(0), &sent);
        assert_eq!(server_events(&mut server), [event]);
    }
    let mut client = client(1);
    assert_eq!(client.send_batch(at(0), &[]), Ok(0));
    assert_eq!(take(&mut client, at(0)), hex(NO_BETS));
}

#[test]
fn a_server_replies_with_these_blocks_and_a_client_reads_them() {
    let two = ["20000001".to_string(), "20000003".to_string()];
    for (request, stored, winners, expected, event) in [
        (BET, true, None, BET_STORED, ClientEvent::Bet(true)),
        (BET, false, None, BET_REJECTED, ClientEvent::Bet(false)),
        (FINISHED, true, None, STORED, ClientEvent::Finished(true)),
        (FINISHED, false, None, REJECTED, ClientEvent::Finished(false)),
        (WINNER, true, None, PENDING, ClientEvent::Pending),
        (WINNER, true, Some(&[][..]), NO_WINNERS, ClientEvent::Winners(vec![])),
        (WINNER, true, Some(&two[..]), TWO_WINNERS, ClientEvent::Winners(two.to_vec())),
    ] {
        let (mut client, mut server) = (client(1), server());
        ask(&mut client, request);
        give(&mut server, at(0), &take(&mut client, at(0)));
        assert!(answer(&mut server, stored, winners));
        let mut sent = take(&mut server, at(0));
        assert_eq!(sent, hex(expected));

        let size = usize::from(sent[2]);
        sent[size..].fill(0xFF);
        give(&mut client, at(0), &sent);
        assert_eq!(client_events(&mut client), [event]);
    }
}

#[test]
fn a_batch_of_block_gets_no_reply() {
    for stored in [true, false] {
        let mut server = server();
        give(&mut server, at(0), &hex(BATCH_OF_TWO));
        assert!(answer(&mut server, stored, None));
        assert_eq!(take(&mut server, at(0)), [0_u8; 0]);
    }
}

/// Buffers are reused: bytes of a longer message must not show in the padding of a shorter one.
#[test]
fn padding_is_zeros_behind_a_longer_message() {
    let many: Vec<String> = (0..900).map(|i| (20_000_000 + i).to_string()).collect();
    // The next reply follows in the same buffer, in an empty one, or in one that is half sent.
    for sent_between in [0, BLOCK, 5000] {
        let mut server = server();
        let requests = [hex(WINNERS_QUERY), hex(FINISHED_1), hex(WINNERS_QUERY)].concat();
        give(&mut server, at(0), &requests);
        assert!(answer(&mut server, true, Some(&many)));
        let mut sent = Vec::new();
        if sent_between > 0 {
            sent.extend(&server.poll_io().unwrap().send[..sent_between]);
            server.handle(at(0), lottery_proto::Input::Sent(sent_between));
        }
        assert!(answer(&mut server, true, None) && answer(&mut server, true, None));
        sent.extend(take(&mut server, at(0)));
        assert_eq!(sent[BLOCK..2 * BLOCK], hex(STORED));
        assert_eq!(sent[2 * BLOCK..], hex(PENDING));
    }

    let mut client = client(1);
    let bets = vec![bet(JOSE); 255];
    let taken = client.send_batch(at(0), &bets).unwrap();
    // As many bets as fit: 5 bytes, then 49 for each bet.
    assert_eq!(taken, (BLOCK - 5) / 49);
    let mut sent = client.poll_io().unwrap().send[..5000].to_vec();
    client.handle(at(0), lottery_proto::Input::Sent(5000));
    ask(&mut client, BATCH);
    ask(&mut client, FINISHED);
    sent.extend(take(&mut client, at(0)));
    assert!(sent[5 + taken * 49..BLOCK].iter().all(|&byte| byte == 0));
    assert_eq!(sent[BLOCK..2 * BLOCK], hex(BATCH_OF_TWO));
    assert_eq!(sent[2 * BLOCK..], hex(FINISHED_1));
    ask(&mut client, FINISHED);
    assert_eq!(take(&mut client, at(0)), hex(FINISHED_1));
}

#[test]
fn decoded_bets_are_encoded_to_the_same_bytes() {
    let names = ["Ana", "José María", "Ñ", &"x".repeat(255), &"é".repeat(127), "de la Cruz"];
    for agency in [1, 5, 255] {
        for count in [0, 1, 2, 17, 255] {
            let mut client = client(agency);
            let bets: Vec<String> = (0..count)
                .map(|i| format!("{}|{}|{i}|1980-01-31|{}", names[i % 6], names[i % 5], i * 1_000_003))
                .collect();
            let bets: Vec<_> = bets.iter().map(|text| bet(text)).collect();
            let taken = client.send_batch(at(0), &bets).unwrap();
            let encoded = take(&mut client, at(0));

            let mut decoded = Vec::new();
            lottery_proto::block::decode_batch(&encoded, |bet| decoded.push(bet)).unwrap();
            assert_eq!(decoded, bets[..taken]);
            assert_eq!(client.send_batch(at(0), &decoded), Ok(taken));
            assert_eq!(take(&mut client, at(0)), encoded);
        }
    }
    // A block has room for as many bets as its count can name, and no more.
    let short: Vec<_> = vec![bet("a|b|1|2000-01-01|1"); 300];
    assert_eq!(client(1).send_batch(at(0), &short), Ok(255));
}
