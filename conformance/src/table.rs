//! Table of the suite: the tests of each subject, and what makes tests of them for a runtime.

/// Runs the suite on a runtime: makes a test of each function of [`suite`](mod@crate::suite), in a module for each
/// subject.
///
/// - `conformance!(MyRuntime)` takes a unit struct that is [`Serve`](lottery_runtime::Serve) and
///   [`RunClient`](lottery_runtime::RunClient). A server is stopped by what
///   [`Service::started`](lottery_runtime::Service::started) is given, a client by its machine.
/// - `conformance!(stoppable MyRuntime)` takes an [`OnRuntime`](crate::OnRuntime), which says how it is stopped.
/// - `conformance!(server One, client Other)` takes two of these, and runs the tests that have both sides on a runtime.
///
/// Each call needs a module of its own. The README of this crate has an example.
#[macro_export]
macro_rules! conformance {
    (stoppable $runtime:ty) => {
        type Server = $runtime;
        type Client = $runtime;
        $crate::table!(one);
    };
    (server $server:ty, client $client:ty) => {
        type Server = $server;
        type Client = $client;
        $crate::table!(pair);
    };
    ($runtime:path) => {
        /// Runtime of which only `Serve` and `RunClient` are known.
        #[derive(Debug)]
        enum Tested {}

        impl $crate::OnRuntime for Tested {
            const NAME: &'static str = stringify!($runtime);
            const PROGRAM: Self::Program = $runtime;

            type Program = $runtime;
        }

        $crate::conformance!(stoppable Tested);
    };
}

/// Makes tests of the whole table, for one runtime or for a pair of them.
#[macro_export]
#[doc(hidden)]
macro_rules! table {
    ($which:ident) => {
        $crate::subject!($which anonymous_waiters in_time {
            server: it_lets_the_draw_take_place, who_is_gone_does_not_count, who_has_ended_its_side_is_closed,
                it_comes_back_as_often_as_it_likes, there_is_no_draw_without_a_bet,
                nobody_is_a_stranger_unless_that_is_set, two_stand_for_two, it_does_not_stand_for_who_was_heard_of,
                bets_after_the_draw_are_refused, a_shutdown_is_prompt;
        });
        $crate::subject!($which broken_peers in_time {
            pair: others_go_on, answers_to_nobody;
        });
        $crate::subject!($which client_contract in_time {
            client: what_arrived_beats_a_deadline, bytes_without_end_do_not_put_a_deadline_off,
                what_has_not_arrived_is_told_before_a_deadline,
                a_half_closed_peer_costs_nothing_and_its_reset_is_told, a_reset_is_told_though_nothing_is_wanted,
                a_reset_is_told_though_only_a_deadline_is_wanted, a_piece_is_read_at_once;
        });
        $crate::subject!($which client_shutdown in_time {
            client: while_it_connects, while_it_sends, while_it_waits_for_an_answer, while_the_centre_is_silent,
                while_it_pauses, between_connections;
        });
        $crate::subject!($which connecting in_time {
            server: a_vanished_agency_would_be_noticed;
            client: a_name_is_found, nobody_listens, a_vanished_centre_would_be_noticed;
        });
        $crate::subject!($which deferred_replies in_time {
            pair: the_last_agency_answers_the_others;
        });
        $crate::subject!($which echo in_time {
            server: what_comes_back, a_line_without_its_end_comes_back;
            pair: lines_come_back;
        });
        $crate::subject!($which failing_store in_time {
            server: the_program_ends;
        });
        $crate::subject!($which health in_time {
            server: a_committer_that_hangs_is_known;
        });
        $crate::subject!($which idle_connections alone {
            server: server;
            client: client;
        });
        $crate::subject!($which limits in_time {
            server: one_too_many_is_refused, the_idlest_makes_room;
            pair: too_many_winners_are_not_shortened;
        });
        $crate::subject!($which mixed_dialects in_time {
            pair: five_manners;
        });
        $crate::subject!($which panics in_time {
            server: a_panic_ends_one_connection;
        });
        $crate::subject!($which rejections in_time {
            server: what_is_malformed_is_said, what_is_too_long_is_said, after_a_refused_batch,
                agencies_that_there_are_not, bets_after_finished;
            pair: a_store_without_room_for_a_while, wires_that_are_not_spoken, more_winners_than_are_taken;
        });
        $crate::subject!($which server_contract in_time {
            server: what_arrived_beats_a_deadline, bytes_without_end_do_not_put_a_deadline_off,
                what_has_not_arrived_is_told_before_a_deadline,
                a_half_closed_peer_costs_nothing_and_its_reset_is_told, a_reset_is_told_though_nothing_is_wanted,
                a_reset_is_told_though_only_a_deadline_is_wanted, a_piece_is_read_at_once;
        });
        $crate::subject!($which server_shutdown in_time {
            server: with_peers_that_wait, while_a_batch_is_committed, while_the_store_hangs,
                with_a_peer_that_does_not_read, with_a_peer_that_has_ended, while_a_connection_lingers, without_peers;
            pair: while_answers_are_deferred;
        });
        $crate::subject!($which sessions in_time {
            server: from_hello_to_the_winners, the_newer_session_wins,
                after_a_rejected_batch_all_are_until_a_new_session, more_winners_than_a_block_holds,
                no_session_can_be_opened_so;
            client: a_client_goes_on_where_the_centre_is, a_client_sends_nothing_to_who_holds_other_bets;
        });
        $crate::subject!($which split_input in_time {
            server: a_script_gets_the_same_answers, a_peer_that_asks_for_more_than_it_reads;
            client: an_agency_sends_the_same_bytes;
        });
        $crate::subject!($which timeouts in_time {
            server: a_silent_peer_is_closed;
            client: a_silent_centre_is_given_up, a_thin_line_is_no_silence;
        });
        $crate::subject!($which transcripts in_time {
            server: the_centre_answers_as_recorded, the_centre_answers_the_health_check_as_recorded;
            client: the_agency_says_what_was_recorded, the_health_check_says_what_was_recorded;
        });
        $crate::subject!($which whole_lotteries in_time {
            server: everyone_wins_on_disk;
            pair: everyone_wins;
        });
    };
}

/// Makes the tests of a subject: for one runtime all of them, for a pair those that have both sides on a runtime.
#[macro_export]
#[doc(hidden)]
macro_rules! subject {
    (one $subject:ident $runs:ident {
        $(server: $($server:ident),+;)? $(client: $($client:ident),+;)? $(pair: $($pair:ident),+;)?
    }) => {
        mod $subject {
            $($($crate::test!($subject $runs $server [Server]);)+)?
            $($($crate::test!($subject $runs $client [Client]);)+)?
            $($($crate::test!($subject $runs $pair [Server, Client]);)+)?
        }
    };
    (pair $subject:ident $runs:ident {
        $(server: $($server:ident),+;)? $(client: $($client:ident),+;)? $(pair: $($pair:ident),+;)?
    }) => {
        $(mod $subject {
            $($crate::test!($subject $runs $pair [Server, Client]);)+
        })?
    };
}

/// Makes one test of one subject.
#[macro_export]
#[doc(hidden)]
macro_rules! test {
    ($subject:ident $runs:ident $test:ident [$($side:ident),+]) => {
        #[test]
        fn $test() {
            let test = $crate::suite::$subject::$test::<$(super::$side),+>;
            $crate::running::$runs(concat!(module_path!(), "::", stringify!($test)), test);
        }
    };
}
