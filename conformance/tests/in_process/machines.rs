//! Tests that take no runtime.

/// Makes tests of functions of the suite.
macro_rules! tests {
    ($($subject:ident: $($test:ident),+;)+) => { $($(
        #[test]
        fn $test() {
            conformance::suite::$subject::$test();
        }
    )+)+ };
}

tests! {
    bets_only: recorded_bets_replay_both_ways_without_sockets, rejections_of_another_server_are_read_without_sockets;
    health: another_listener_is_not_healthy, another_reply_is_not_healthy;
    split_input: a_script_gets_the_same_replies_without_sockets, cuts_lose_nothing;
    transcripts: the_server_without_sockets_replies_as_recorded, the_client_without_sockets_sends_what_was_recorded,
        the_health_check_without_sockets_sends_what_was_recorded;
}
