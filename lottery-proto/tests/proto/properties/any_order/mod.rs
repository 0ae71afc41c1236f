//! Machines under any call, in any order, any number of times, by a driver and an application that may do
//! what they should not.

mod application;
mod client;
mod contract;
mod replies;
mod server;
mod words;

use std::time::Duration;

use lottery_proto::{Dialect, Instant, ServerConfig};
use proptest::prelude::*;
use proptest::test_runner::{RngAlgorithm, RngSeed};

/// A step, and the milliseconds that pass before it; `None` stands for the time until the deadline.
type Step<T> = (T, Option<u64>);

fn wait() -> impl Strategy<Value = Option<u64>> {
    prop_oneof![2 => Just(None), 1 => Just(Some(0)), 1 => (0..5_000_u64).prop_map(Some)]
}

/// Returns the time of the next step. Half of the time it is the deadline itself: an arbitrary time hardly
/// ever is.
fn after(now: Instant, wait: Option<u64>, deadline: Option<Instant>) -> Instant {
    match (wait, deadline) {
        (None, Some(deadline)) => deadline.max(now),
        (None, None) => now,
        (Some(millis), _) => now.after(Duration::from_millis(millis)),
    }
}

fn config() -> ProptestConfig {
    ProptestConfig {
        cases: 4_000,
        rng_seed: RngSeed::Fixed(2026),
        // The default would take four fifths of the time.
        rng_algorithm: RngAlgorithm::XorShift,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_server_keeps_its_invariants_under_any_calls(
        // Sessions have calls of their own.
        dialect in prop_oneof![1 => Just(Dialect::BLOCK), 2 => prop::sample::select(Dialect::ALL).prop_filter("sessions", |dialect| !dialect.profile().has_sessions)],
        steps in server::steps(),
        of in prop_oneof![4 => prop::collection::vec(0..10_u8, 1..9), 1 => prop::collection::vec(0..14_u8, 1..30)],
        max_in_flight in 1..6_usize,
        max_buffer in prop_oneof![Just(8192), Just(5 * 8192), 8192..100_000_usize],
    ) {
        let config = ServerConfig::builder(5).max_in_flight(max_in_flight).max_buffer(max_buffer).max_message(100_000).build().unwrap();
        server::run(dialect, &config, of, &steps);
    }

    #[test]
    fn a_client_keeps_its_invariants_under_any_calls(
        dialect in prop_oneof![1 => Just(Dialect::BLOCK), 2 => prop::sample::select([Dialect::WITH_BETS, Dialect::EARLIER].concat()).prop_filter("sessions", |dialect| !dialect.profile().has_sessions)],
        steps in client::steps(),
        max_unsent in 1..40_000_usize,
    ) {
        client::run(dialect, max_unsent, &steps);
    }
}
