//! Rows of bets, as `bets.csv` holds them, and their digest (`docs/protocol.md#digest`).

use lottery_proto::server::Event;
use lottery_proto::{AgencyId, Bet, Dialect, Digest};
use lottery_testkit::{at, client_of, crc32c, give, server, take};
use proptest::prelude::*;

/// Returns a name as it stands in a row.
fn quoted(name: &str) -> String {
    if name.contains([',', '"']) { format!("\"{}\"", name.replace('"', "\"\"")) } else { name.to_owned() }
}

fn row(agency: u32, bet: &Bet<'_>) -> String {
    let (first, last) = (quoted(bet.first_name()), quoted(bet.last_name()));
    format!("{agency},{first},{last},{},{},{}\r\n", bet.document(), bet.birthdate(), bet.number())
}

/// Sends the bets and compares the rows of those that arrive. Returns their number, 0 if the dialect cannot
/// carry them.
fn compared(dialect: Dialect, agency: u32, bets: &[Bet<'_>]) -> usize {
    let mut client = client_of(dialect, agency);
    let Ok(sent) = client.send_batch(at(0), bets) else { return 0 };
    let mut server = server();
    give(&mut server, at(0), &take(&mut client, at(0)));
    let Some(Event::Batch { agency: named, bets: received, .. }) = server.poll_event() else {
        panic!("{dialect}: no batch")
    };
    let expected: String = received.iter().map(|bet| row(agency, &bet)).collect();
    assert_eq!(String::from_utf8(received.to_rows(named)).unwrap(), expected, "{dialect}");
    let mut digest = Digest::new(named);
    let mut one_by_one = Vec::new();
    for bet in received {
        digest.push(&bet);
        bet.put_row(named, &mut one_by_one);
    }
    assert_eq!(one_by_one, expected.as_bytes());
    assert_eq!(digest.value(), crc32c(expected.as_bytes()));
    sent
}

const DIALECTS: [Dialect; 4] = [Dialect::BLOCK, Dialect::FIXED, Dialect::FRAMED, Dialect::BRACES];

proptest! {
    #[test]
    fn rows_are_those_of_each_bet_by_itself_in_every_dialect(
        fields in prop::collection::vec(
            ("[A-Za-zñ]{1,30}", "[a-zñ\",]{1,30}|[a-z]{1,60}|[A-Z][a-z]{2,9}", "[1-9][0-9]{0,7}|[0-9]{1,20}", "[0-9]{1,4}"), 1..9
        ),
        agency in 1..=5_u32,
    ) {
        let bets: Vec<Bet<'_>> = fields
            .iter()
            .map(|(first, last, document, number)| Bet::new([first, last, document, "2000-02-29", number]).unwrap())
            .collect();
        let sent: Vec<usize> = DIALECTS.iter().map(|dialect| compared(*dialect, agency, &bets)).collect();
        prop_assert_eq!(sent[0], bets.len(), "a block carries all of them");
    }
}

#[test]
fn usual_bets_have_their_rows_in_every_dialect() {
    let bets = [
        Bet::new(["Santiago Lionel", "Lorca", "30904465", "1999-03-17", "2201"]).unwrap(),
        Bet::new(["Ana", "Paz", "1", "1980-01-01", "0"]).unwrap(),
    ];
    let bets: Vec<Bet<'_>> = bets.into_iter().cycle().take(20).collect();
    for dialect in DIALECTS {
        assert!(compared(dialect, 5, &bets) > 9, "{dialect}");
    }
}

#[test]
fn the_digest_of_no_bets_is_zero_and_its_debug_shows_no_bet() {
    let mut digest = Digest::new(AgencyId::new(1).unwrap());
    assert_eq!(digest.value(), 0);
    digest.push(&Bet::new(["Ana", "Paz", "20000001", "1980-01-01", "7574"]).unwrap());
    let shown = format!("{:08x}", crc32c(b"1,Ana,Paz,20000001,1980-01-01,7574\r\n"));
    assert_eq!(format!("{digest:?}"), format!("Digest(1, {shown})"));
}
