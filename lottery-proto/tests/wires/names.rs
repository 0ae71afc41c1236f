//! Names: one rule for all wires, and what it takes arrives as it was sent.

use lottery_proto::{Bet, Dialect};

use crate::common::{Seen, at, client_of, give, seen, server, take, text};

/// What a name may hold though it is odd: a spreadsheet would take it for a formula, or nobody sees it.
const ODD: [&str; 12] = [
    "=1+1",
    "@SUM(A1)",
    "+54 11",
    "-",
    "-Ana",
    // A joiner, as in names of Persian; a mark, an override and an isolate of direction; a space of no width.
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
                assert_eq!(seen(&mut server), [Seen::Batch(vec![text(&bet)])], "{dialect}: {name:?}");
            }
        }
    }
}

/// A separator of lines is no control character, either; those of Unicode's category Cc are.
#[test]
fn control_characters_are_refused_and_nothing_else_that_is_not_seen() {
    for character in ('\0'..='\u{2fff}').chain('\u{fe00}'..='\u{ffff}').chain('\u{e0000}'..='\u{e01ff}') {
        let name = format!("A{character}na");
        let taken = Bet::new(&name, "Paz", "1", "1980-01-31", "1").is_ok();
        assert_eq!(taken, !character.is_control(), "{character:?}");
    }
}
