//! Names: one rule for all dialects, and an accepted name arrives as it was sent.

use lottery_proto::{Bet, Dialect};
use lottery_testkit::{ServerEvent, at, client_of, give, server, server_events, take, text};

/// Odd but valid names: a spreadsheet would take them for formulas, or they hold invisible characters.
const ODD: [&str; 12] = [
    "=1+1",
    "@SUM(A1)",
    "+54 11",
    "-",
    "-Ana",
    // A joiner, as in Persian names; a mark, an override and an isolate of direction; a space without width.
    "علی\u{200c}رضا",
    "\u{200f}דוד",
    "Ana\u{202e}zaP",
    "\u{2066}Ana\u{2069}",
    "Ana\u{200b}",
    "\u{feff}Ana",
    "A\u{ad}na",
];

#[test]
fn odd_names_arrive_as_they_were_sent_on_every_wire() {
    for dialect in [Dialect::Block, Dialect::Fixed, Dialect::Framed, Dialect::Braces] {
        for name in ODD {
            for (first, last) in [(name, "Paz"), ("Ana", name)] {
                let bet = Bet::new(first, last, "20000001", "1980-01-31", "7574").unwrap();
                let mut client = client_of(dialect, 1);
                assert_eq!(client.send_batch(at(0), &[bet]), Ok(1), "{dialect}: {name:?}");
                let mut server = server();
                give(&mut server, at(0), &take(&mut client, at(0)));
                assert_eq!(
                    server_events(&mut server),
                    [ServerEvent::Batch(vec![text(&bet)])],
                    "{dialect}: {name:?}"
                );
            }
        }
    }
}

/// Control characters are those of Unicode's category Cc; the line separator is none.
#[test]
fn control_characters_are_refused_and_nothing_else_that_is_not_seen() {
    for character in ('\0'..='\u{2fff}').chain('\u{fe00}'..='\u{ffff}').chain('\u{e0000}'..='\u{e01ff}') {
        let name = format!("A{character}na");
        let taken = Bet::new(&name, "Paz", "1", "1980-01-31", "1").is_ok();
        assert_eq!(taken, !character.is_control(), "{character:?}");
    }
}
