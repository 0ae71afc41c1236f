//! What is shown of the small things, in messages, in logs and in front of iterators.

mod common;

use common::{ANA, JOSE, at, batch, give, server};
use lottery_proto::AgencyId;
use lottery_proto::server::Event;

#[test]
fn an_agency_is_shown_as_its_number() {
    assert_eq!(AgencyId::new(99_999).unwrap().to_string(), "99999");
    assert_eq!(format!("{:>4}|", AgencyId::new(7).unwrap()), "   7|");
}

#[test]
fn of_bets_their_number_is_shown() {
    let mut server = server();
    give(&mut server, at(0), &batch(3, &[ANA, JOSE, ANA]));
    let Some(Event::Batch { bets, .. }) = server.poll_event() else { panic!() };
    assert_eq!(format!("{bets:?} {:?}", bets.to_buf()), "Bets(3) Bets(3)");
    let mut iter = bets.iter();
    iter.next();
    assert_eq!(format!("{iter:?}"), "Iter(2 left)");
}

#[test]
fn an_iterator_of_bets_knows_how_many_are_left() {
    let mut server = server();
    give(&mut server, at(0), &batch(3, &[ANA, JOSE, ANA]));
    let Some(Event::Batch { bets, .. }) = server.poll_event() else { panic!() };
    let mut iter = bets.iter();
    for left in (0..=3).rev() {
        assert_eq!((iter.size_hint(), iter.len()), ((left, Some(left)), left));
        assert_eq!(iter.next().is_some(), left > 0);
    }
}
