//! Whole lotteries: agencies with the server, in virtual time.

use std::time::Duration;

use lottery_core::client::ClientError;
use lottery_proto::Instant;
use lottery_runtime::{Dialer as _, Step};

use crate::support::test_store::Fate;
use crate::support::world::{Link, World, job};
use crate::support::{Fields, bets, winners};

const WINNER: u8 = 6;

/// Returns the times at which a link asked for its winners, in milliseconds.
fn questions(link: &Link) -> Vec<u128> {
    let asked = link.up.blocks.iter().filter(|(_, kind)| *kind == WINNER);
    asked.map(|(at, _)| at.since_epoch().as_millis()).collect()
}

#[test]
fn five_agencies_get_their_winners_and_ask_again_after_pauses_that_double() {
    let mut world = World::new(5, usize::MAX, 10);
    let all: Vec<Vec<Fields>> = (1..=5).map(|agency| bets(agency, 0, 700 * agency)).collect();
    for agency in 1..=5_u32 {
        // The last one begins after 33 s.
        let after = [0, 0, 1, 2, 33][agency as usize - 1];
        world.agency(after, job(agency), &all[agency as usize - 1]);
    }
    world.run(1000);
    assert!(world.is_over());
    assert_eq!(questions(&world.links[0]), [0, 1000, 3000, 7000, 15_000, 23_000, 31_000, 39_000]);
    assert_eq!(questions(&world.links[2]), [1000, 2000, 4000, 8000, 16_000, 24_000, 32_000, 40_000]);
    assert_eq!(questions(&world.links[4]), [33_000]);
    // Each gets its winners at its next query, and not a moment later.
    assert_eq!(world.now, Instant::from_epoch(Duration::from_secs(41)));
    let rows = world.store.rows();
    for agency in 1..=5_u32 {
        let own = format!("{agency},");
        let stored: Vec<_> = rows
            .lines()
            .filter(|row| row.starts_with(&own))
            .map(|row| row.rsplit(',').nth(2).unwrap())
            .collect();
        let sent: Vec<_> = all[agency as usize - 1].iter().map(|bet| &bet[2][..]).collect();
        assert_eq!(stored, sent, "agency {agency}");
    }
    for (outcome, bets) in world.outcomes().into_iter().zip(&all) {
        assert_eq!(outcome.unwrap(), winners(bets));
    }
}

#[test]
fn pauses_follow_their_settings() {
    let mut world = World::new(2, usize::MAX, 10);
    let mut patient = job(1);
    (patient.poll_initial, patient.poll_max) = (Duration::from_millis(300), Duration::from_secs(1));
    world.agency(0, patient, &bets(1, 0, 10));
    world.run(4);
    assert_eq!(questions(&world.links[0]), [0, 300, 900, 1900, 2900, 3900]);
    assert!(!world.is_over());
}

#[test]
fn an_agency_waits_for_hours_without_being_taken_for_silent() {
    let mut world = World::new(2, usize::MAX, 10);
    let mut patient = job(1);
    patient.poll_max = Duration::from_secs(3600);
    world.agency(0, patient, &bets(1, 0, 10));
    world.agency(20_000, job(2), &bets(2, 0, 10));
    world.run(100_000);
    assert!(world.is_over());
    assert!(world.outcomes().into_iter().all(|outcome| outcome.unwrap().len() == 2));
}

#[test]
fn after_a_rejected_batch_the_agency_fails_and_is_not_finished() {
    let mut world = World::new(2, usize::MAX, 10);
    world.store.next(&[Fate::Full]);
    world.agency(0, job(1), &bets(1, 0, 600));
    world.agency(5, job(2), &bets(2, 0, 10));
    world.run(60);
    assert!(!world.committer.agency(1).finished && world.committer.agency(2).finished);
    assert!(world.committer.draw().is_none());
    // The first bets are missing: later ones must not count.
    let outcome = world.links.remove(0).agency.into_outcome();
    assert!(matches!(outcome, Err(ClientError::Rejected { .. })), "{outcome:?}");
    assert_eq!(outcome.unwrap_err().to_string(), "the server refused to count this agency as finished");
}

#[test]
fn bets_of_an_agency_that_is_finished_are_rejected() {
    let mut world = World::new(2, usize::MAX, 10);
    world.agency(0, job(1), &bets(1, 0, 10));
    world.run(1);
    world.agency(0, job(1), &bets(1, 0, 20));
    world.run(1);
    let second = world.links.remove(1).agency.into_outcome();
    assert!(matches!(second, Err(ClientError::Rejected { .. })), "{second:?}");
    assert_eq!(world.store.rows().lines().count(), 10);
}

#[test]
fn an_agency_that_does_not_exist_is_turned_away() {
    let mut world = World::new(2, usize::MAX, 10);
    for agency in [3, 200] {
        world.agency(0, job(agency), &bets(agency, 0, 10));
    }
    world.run(10);
    assert!(world.is_over());
    assert_eq!(world.store.saved(), lottery_core::store::Saved::default());
    assert_eq!(world.store.rows(), "");
    for outcome in world.outcomes() {
        let rejected = matches!(outcome, Err(ClientError::Closed { .. } | ClientError::Rejected { .. }));
        assert!(rejected, "{outcome:?}");
    }
}

#[test]
fn nothing_is_sent_of_a_file_that_the_dialect_cannot_carry() {
    let mut world = World::new(1, usize::MAX, 10);
    let mut bets = bets(1, 0, 1000);
    bets[899][1] = "de|la Cruz".to_owned();
    world.agency(0, job(1), &bets);
    let mut agency = world.links.remove(0).agency;
    assert_eq!(agency.next_step(Instant::default()), Step::Done);
    let error = agency.into_outcome().unwrap_err().to_string();
    assert_eq!(error, "agency.csv: line 900: last_name: '|' cannot be sent in this dialect");
}

#[test]
fn a_stopped_server_closes_and_the_clients_say_so() {
    let mut world = World::new(2, usize::MAX, 10);
    world.agency(0, job(1), &bets(1, 0, 10));
    world.run(5);
    world.shut_down();
    world.run(2);
    assert!(world.is_over());
    let outcome = world.outcomes().remove(0);
    assert!(matches!(outcome, Err(ClientError::Closed { .. })), "{outcome:?}");
}
