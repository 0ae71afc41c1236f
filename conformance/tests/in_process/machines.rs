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
    health: a_listener_that_is_no_centre_is_not_taken_for_one, whatever_else_is_said_is_no_sign_of_health;
    split_input: a_script_gets_the_same_answers_without_sockets, the_cuttings_lose_nothing;
    transcripts: the_centre_without_sockets_answers_as_recorded, the_agency_without_sockets_says_what_was_recorded,
        the_health_check_without_sockets_says_what_was_recorded;
}
