//! Limits: of connections, of the commit queue, and of a reply.

use lottery_core::client::ClientError;

use crate::support::world::{World, job};
use crate::support::{Fields, bets, winners};

#[test]
fn connections_over_the_limit_are_rejected_until_a_place_is_free() {
    let mut world = World::new(4, usize::MAX, 2);
    for agency in 1..=3 {
        world.agency(0, job(agency), &bets(agency, 0, 5));
    }
    world.run(5);
    let third = world.links.remove(2).agency.into_outcome();
    assert!(matches!(third, Err(ClientError::Closed { .. })), "{third:?}");
    assert!(!world.committer.agency(3).finished);
    assert!(world.committer.agency(1).finished && world.committer.agency(2).finished);
    // Two are still there, waiting for the draw.
    world.agency(0, job(3), &bets(3, 0, 5));
    world.run(1);
    assert!(matches!(world.links.remove(2).agency.into_outcome(), Err(ClientError::Closed { .. })));
    // One leaves.
    let now = world.now;
    lottery_proto::Endpoint::handle(&mut world.links[0].agency, now, lottery_proto::Input::Shutdown);
    world.run(1);
    world.agency(0, job(3), &bets(3, 0, 5));
    world.run(1);
    assert!(world.committer.agency(3).finished);
}

/// Returns bets that all win.
fn all_win(agency: u32, count: u32) -> Vec<Fields> {
    let mut bets = bets(agency, 0, count);
    for bet in &mut bets {
        "7574".clone_into(&mut bet[4]);
    }
    bets
}

#[test]
fn too_many_winners_for_a_reply_fail_that_agency_alone() {
    // `1`, and eight bytes for each document, without a last separator.
    let most = (8192 - 4 - 1 + 1) / 8;
    for (count, fits) in [(most, true), (most + 1, false), (5000, false)] {
        let mut world = World::new(2, usize::MAX, 10);
        let (many, few) = (all_win(1, count), bets(2, 0, 6));
        world.agency(0, job(1), &many);
        world.agency(0, job(2), &few);
        world.run(60);
        assert!(world.is_over());
        let mut outcomes = world.outcomes();
        assert_eq!(outcomes.pop().unwrap().unwrap(), winners(&few));
        match outcomes.pop().unwrap() {
            Ok(told) => assert!(fits && told == winners(&many), "{count}"),
            Err(ClientError::Closed { .. }) => assert!(!fits, "{count}"),
            Err(other) => panic!("{count}: {other}"),
        }
    }
}

#[test]
fn with_a_full_queue_connections_stop_reading_and_go_on_later() {
    let mut world = World::new(2, 10_000, 10);
    world.commits = false;
    let all: Vec<_> = (1..=2).map(|agency| bets(agency, 0, 60_000)).collect();
    for agency in 1..=2 {
        world.agency(0, job(agency), &all[agency as usize - 1]);
    }
    world.run(2);
    let passed = |world: &World| -> Vec<usize> { world.links.iter().map(|link| link.up.passed).collect() };
    let held = passed(&world);
    // Bytes that the commit queue, the server's buffers and the pipe hold; 60,000 bets are some 400 blocks.
    assert!(held.iter().all(|bytes| (8192..600_000).contains(bytes)), "{held:?}");
    world.run(2);
    assert_eq!(passed(&world), held, "nothing moves");
    // When some requests are taken by hand, the connections read on, and stop again.
    for _ in 0..3 {
        let requests = world.commit_queue.try_take(usize::MAX).unwrap();
        assert!(requests.len() < 10, "{}", requests.len());
        world.committer.commit(requests).unwrap();
        world.run(2);
    }
    let more = passed(&world);
    assert!(more > held && more.iter().all(|bytes| *bytes < 600_000), "{more:?}");
    world.commits = true;
    world.run(60);
    assert!(world.is_over());
    assert_eq!(world.store.rows().lines().count(), 120_000);
    for (outcome, bets) in world.outcomes().into_iter().zip(&all) {
        // More winners than this dialect carries, as tested above.
        assert!(outcome.is_err() && winners(bets).len() > 12_000);
    }
}

#[test]
fn with_a_full_queue_every_bet_is_stored_once_and_in_order() {
    let mut world = World::new(2, 1, 10);
    let all: Vec<_> = (1..=2).map(|agency| bets(agency, 0, 1500)).collect();
    for agency in 1..=2 {
        world.agency(0, job(agency), &all[agency as usize - 1]);
    }
    world.run(60);
    assert!(world.is_over());
    let rows = world.store.rows();
    for (agency, bets) in (1..).zip(&all) {
        let own = format!("{agency},");
        let stored =
            rows.lines().filter(|row| row.starts_with(&own)).map(|row| row.rsplit(',').nth(2).unwrap());
        assert!(stored.eq(bets.iter().map(|bet| &bet[2][..])), "agency {agency}");
    }
    for (outcome, bets) in world.outcomes().into_iter().zip(&all) {
        assert_eq!(outcome.unwrap(), winners(bets));
    }
}

#[test]
fn a_server_whose_store_has_failed_rejects_at_once() {
    let mut world = World::new(1, 10_000, 10);
    world.commit_queue.close();
    world.agency(0, job(1), &bets(1, 0, 3000));
    world.run(1);
    assert!(world.is_over());
    let outcome = world.outcomes().remove(0);
    assert!(matches!(outcome, Err(ClientError::Rejected { .. } | ClientError::Closed { .. })), "{outcome:?}");
}
