//! Tests of the limits for an address and for all.

use std::time::Duration;

use super::*;
use crate::logged::logged;

fn at(seconds: u64) -> Instant {
    Instant::from_epoch(Duration::from_secs(seconds))
}

fn peers() -> Arc<Peers> {
    let many = usize::MAX;
    Arc::new(Peers::new(Limits { all: many, of_an_address: many, of_a_local_address: many }))
}

/// Admits connection `number` from an address of its own, at second 0.
fn from(peers: &Arc<Peers>, number: u8) -> Place {
    let (place, admission) = peers.admit(
        at(0),
        number.into(),
        Host::of(([198, 51, 100, number], 1).into()),
        &Mailbox::new(|_| ()),
    );
    assert!(matches!(admission, Admission::Served));
    place
}

fn lines(place: &Place, now: Instant, tried: usize) -> usize {
    (0..tried).filter(|_| place.may_log(now)).count()
}

#[test]
fn lines_over_the_limit_of_an_address_are_counted_and_not_written() {
    let peers = peers();
    let place = from(&peers, 1);
    assert_eq!(lines(&place, at(0), 30_000), 20_000);
    let said = logged(|| assert_eq!(lines(&place, at(2), 1_000), 40));
    let reason = "more than are written of what peers cause";
    assert_eq!(said, format!(" WARN action=\"log\" result=\"fail\" lines=10000 reason=\"{reason}\"\n"));
    // Another address has its own limit.
    assert_eq!(lines(&from(&peers, 2), at(2), 1_000), 1_000);
    let said = logged(|| peers.say_unwritten());
    assert_eq!(said, format!(" WARN action=\"log\" result=\"fail\" lines=960 reason=\"{reason}\"\n"));
}

#[test]
fn lines_of_all_addresses_have_a_limit() {
    let peers = peers();
    let places: Vec<_> = (1..=9).map(|number| from(&peers, number)).collect();
    let written = |seconds| places.iter().map(|place| lines(place, at(seconds), 20_000)).sum::<usize>();
    assert_eq!(written(0), 100_000);
    assert_eq!(written(1), 50);
}

#[test]
fn the_limit_of_an_address_outlives_its_connections() {
    let peers = peers();
    assert_eq!(lines(&from(&peers, 1), at(0), 30_000), 20_000);
    assert_eq!(lines(&from(&peers, 1), at(0), 10), 0);
}

#[test]
fn an_address_may_be_rejected_1000_times_before_its_connections_end() {
    let peers = peers();
    let (place, other) = (from(&peers, 1), from(&peers, 2));
    assert_eq!((0..1_000).filter(|_| place.rejected_too_often(at(0))).count(), 0);
    assert!(place.rejected_too_often(at(0)) && !other.rejected_too_often(at(0)));
    assert!(!place.rejected_too_often(at(1)));
}

#[test]
fn lines_of_failures_to_accept_have_a_limit() {
    let peers = peers();
    let written = |peers: &Peers| (0..100).filter(|_| peers.may_log_a_failure()).count();
    assert_eq!((written(&peers), written(&peers)), (20, 0));
    // Only connections report the time.
    let place = from(&peers, 1);
    assert!(place.may_log(at(5)));
    assert_eq!(written(&peers), 5);
}
