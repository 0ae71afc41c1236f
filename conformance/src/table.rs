//! Table of the suite: the tests of each subject, and what makes tests of them for a runtime.

/// Runs the suite on a runtime: makes a test of each function of [`suite`](mod@crate::suite), in a module for each
/// subject.
///
/// - `conformance!(MyRuntime)` takes a unit struct that is [`Serve`](lottery_runtime::Serve) and
///   [`RunClient`](lottery_runtime::RunClient). A server is stopped by what
///   [`Service::started`](lottery_runtime::Service::started) is given, a client by its machine.
/// - `conformance!(stoppable MyRuntime)` takes an [`StoppableRuntime`](crate::StoppableRuntime), which says how it is stopped.
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

        impl $crate::StoppableRuntime for Tested {
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
            server: a_waiter_completes_the_draw, a_vanished_waiter_does_not_count, a_half_closed_waiter_is_closed,
                a_restarted_client_leaves_no_waiters_behind, waiters_alone_start_no_draw,
                waiters_are_closed_unless_they_are_allowed, two_waiters_stand_for_two_agencies, a_waiter_does_not_stand_for_an_agency_with_bets,
                bets_after_the_draw_are_rejected, shutdown_does_not_wait_for_the_draw;
        });
        $crate::subject!($which bets_only in_time {
            server: agencies_that_send_bets_only_get_their_replies, a_block_in_two_segments_is_one_bet,
                a_rejected_bet_is_told_as_its_dialect_can, a_single_bet_of_bare_is_answered_as_its_agency_expects;
        });
        $crate::subject!($which broken_peers in_time {
            pair: broken_peers_disturb_no_other, replies_to_vanished_peers_are_dropped;
        });
        $crate::subject!($which client_contract in_time {
            client: arrived_bytes_come_before_a_deadline, endless_bytes_do_not_postpone_a_deadline,
                unacknowledged_bytes_are_reported_before_a_deadline,
                a_half_closed_peer_costs_nothing_and_its_reset_is_reported, a_reset_is_reported_while_nothing_is_wanted,
                a_reset_is_reported_while_only_a_deadline_is_wanted,
                a_machine_that_is_done_resets_or_ends, one_piece_is_read_at_a_time;
        });
        $crate::subject!($which client_shutdown in_time {
            client: a_connecting_client_stops, a_sending_client_stops, a_client_that_waits_for_a_reply_stops, a_client_of_a_silent_server_stops,
                a_client_between_queries_stops, a_client_without_a_connection_stops;
        });
        $crate::subject!($which connecting in_time {
            server: an_idle_client_is_probed;
            client: a_client_finds_the_address_that_listens, a_client_of_no_server_gives_up, an_idle_server_is_probed;
        });
        $crate::subject!($which deferred_replies in_time {
            pair: the_last_agency_releases_all_replies;
        });
        $crate::subject!($which echo in_time {
            server: a_line_comes_back_as_it_was_sent, a_line_without_its_end_comes_back;
            pair: lines_come_back_during_a_lottery;
        });
        $crate::subject!($which failing_store in_time {
            server: a_failed_store_ends_the_program;
        });
        $crate::subject!($which health in_time {
            server: a_hanging_committer_is_unhealthy;
        });
        $crate::subject!($which idle_connections alone {
            server: idle_connections_of_a_server_cost_nothing;
            client: idle_clients_cost_nothing;
        });
        $crate::subject!($which limits in_time {
            server: a_connection_beyond_the_limit_is_rejected, the_idlest_connection_makes_room;
            pair: a_list_that_no_reply_carries_is_not_shortened;
        });
        $crate::subject!($which local_sockets in_time {
            server: a_lottery_is_served_over_a_local_socket;
            client: an_agency_speaks_over_a_local_socket;
        });
        $crate::subject!($which mixed_dialects in_time {
            pair: agencies_of_several_dialects_share_a_draw;
        });
        $crate::subject!($which old_servers in_time {
            client: an_agency_sends_what_was_recorded, an_agency_names_the_bets_that_an_old_server_rejects,
                an_end_without_a_reply_is_a_rejection_where_a_dialect_has_no_other;
        });
        $crate::subject!($which one_message in_time {
            server: a_message_gets_the_same_reply_in_any_pieces, a_peer_that_stops_is_closed,
                a_message_beyond_the_limit_of_connections_is_rejected;
            client: a_client_sends_the_same_bytes_for_replies_in_any_pieces, a_server_that_does_not_reply_is_given_up;
        });
        $crate::subject!($which panics in_time {
            server: a_panic_ends_one_connection;
        });
        $crate::subject!($which rejections in_time {
            server: a_malformed_message_is_rejected_with_its_place, a_message_beyond_the_limit_is_rejected, finished_after_a_rejected_batch_is_rejected,
                an_unknown_agency_is_rejected, bets_after_finished_are_rejected;
            pair: a_full_store_rejects_until_there_is_room, a_dialect_that_is_switched_off_is_rejected, a_list_beyond_the_limit_closes_the_connection;
        });
        $crate::subject!($which server_contract in_time {
            server: arrived_bytes_come_before_a_deadline, endless_bytes_do_not_postpone_a_deadline,
                unacknowledged_bytes_are_reported_before_a_deadline,
                a_half_closed_peer_costs_nothing_and_its_reset_is_reported, a_reset_is_reported_while_nothing_is_wanted,
                a_reset_is_reported_while_only_a_deadline_is_wanted,
                a_machine_that_is_done_resets_or_ends, one_piece_is_read_at_a_time;
        });
        $crate::subject!($which server_shutdown in_time {
            server: waiting_peers_get_a_clean_end, a_batch_at_the_store_is_acknowledged, a_hanging_store_does_not_delay_shutdown,
                a_peer_that_does_not_read_does_not_delay_shutdown, a_half_closed_peer_gets_a_clean_end, a_lingering_connection_does_not_delay_shutdown, a_server_without_peers_stops;
            pair: deferred_replies_end_with_the_server;
        });
        $crate::subject!($which sessions in_time {
            server: a_session_runs_from_hello_to_the_winners, a_newer_session_supersedes_the_older,
                batches_after_a_rejected_one_are_rejected, a_long_list_of_winners_takes_several_packets,
                a_wrong_hello_is_rejected, an_agency_over_255_has_a_session_with_a_server;
            client: a_client_resumes_where_the_server_is, a_client_sends_nothing_to_a_server_with_other_bets,
                an_agency_over_255_has_a_session_with_a_client;
        });
        $crate::subject!($which split_input in_time {
            server: a_script_gets_the_same_replies, replies_are_sent_while_requests_arrive;
            client: a_client_sends_the_same_bytes;
        });
        $crate::subject!($which timeouts in_time {
            server: a_silent_peer_is_closed;
            client: a_silent_server_is_given_up, a_thin_line_is_not_silence;
        });
        $crate::subject!($which transcripts in_time {
            server: the_server_replies_as_recorded, the_server_replies_to_agencies_of_exercise_7_as_recorded, the_server_replies_to_the_health_check_as_recorded;
            client: the_client_sends_what_was_recorded, the_health_check_sends_what_was_recorded;
        });
        $crate::subject!($which tls in_time {
            server: a_certificate_speaks_for_its_own_agency_only, an_anonymous_end_is_that_of_the_certificate,
                a_peer_without_tls_is_refused_or_served, a_client_without_a_right_certificate_ends_at_once,
                a_client_behind_tls_stops;
            pair: agencies_with_certificates_get_their_winners;
        });
        $crate::subject!($which whole_lotteries in_time {
            server: every_bet_is_on_disk;
            pair: every_agency_gets_its_winners;
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
