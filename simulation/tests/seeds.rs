//! Some seeds, with every `cargo test`.

use simulation::campaign::campaign;

#[test]
fn nothing_is_lost_and_nothing_stored_twice() {
    let done = campaign(0, 300, 2, 1);
    assert!(done.failures.is_empty(), "{}", done.failures[0].1);
    assert!(done.tally.faults.iter().all(|count| *count > 0), "{}", done.tally.table());
}

/// Seeds that have failed once.
#[test]
fn seeds_that_failed_once_pass() {
    // A batch in flight behind one that was rejected for want of room; and on slow connections two processes
    // for one agency, each of which was cut off before it could read that the other had superseded it.
    // And an agency without a session whose batches waited on the commit queue when it came back with one.
    for seed in [608, 755, 554, 712, 50_003] {
        let outcome = simulation::run(seed, false);
        assert_eq!(outcome.failure, None, "seed {seed}");
    }
}
