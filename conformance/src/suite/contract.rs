//! Contract of every driver with its machine, checked with a machine that records its inputs: as a server's
//! and as a client's.

use std::io::{ErrorKind, Write as _};
use std::thread::{self, sleep};
use std::time::Duration;

use crate::probe::{Probe, Probed, Wants};
use crate::raw::Raw;
use crate::time_limits::until;
use lottery_proto::{Input, Instant, SocketError};

/// Deadline that is long past.
const OVER: Option<Instant> = Some(Instant::from_epoch(Duration::ZERO));
/// Time in which a driver that spins would poll a great many times.
const WHILE: Duration = Duration::from_millis(300);
/// Number of times that a waiting driver may poll.
const FEW: usize = 10;

/// Function that gives a probe its connection.
type Ends = fn(Probe) -> Probed;

/// Bytes that arrived while the program stood still come before a deadline that passed meanwhile.
fn arrived_bytes_come_before_a_deadline(connect: Ends) {
    for ended in [false, true] {
        let wants = Wants { recv: 30_000, send: b"late".to_vec(), deadline: OVER, ..Wants::default() };
        let probe = Probe::new(wants, |wants, _, input| wants.over |= input == Input::Timeout);
        let mut probed = connect(probe);
        probed.peer.send(&vec![7; 40_000]);
        if ended {
            probed.peer.fin();
        }
        probed.watch.begin();
        probed.watch.until(Input::Timeout);
        let told = probed.watch.told();
        let received = told.iter().map(|input| if let Input::Received(bytes) = input { *bytes } else { 0 });
        assert_eq!(received.sum::<usize>(), 40_000, "{told:?}");
        assert!(told.contains(&Input::Sent(4)), "{told:?}");
        assert_eq!(told.contains(&Input::Eof), ended, "{told:?}");
        assert_eq!(told.last(), Some(&Input::Timeout), "{told:?}");
    }
}

/// A peer that never pauses does not keep a deadline from passing.
fn endless_bytes_do_not_postpone_a_deadline(connect: Ends) {
    let wants = Wants { recv: 1000, deadline: OVER, ..Wants::default() };
    let probe = Probe::new(wants, |wants, _, input| wants.over |= input == Input::Timeout);
    let mut probed = connect(probe);
    let mut peer = Raw::over(probed.peer.0.try_clone().expect("a descriptor"));
    probed.peer.send(&[7; 1000]);
    let flood = vec![7; 50_000];
    let sender = thread::spawn(move || while peer.0.write_all(&flood).is_ok() {});
    probed.watch.begin();
    probed.watch.until(Input::Timeout);
    sender.join().expect("it ends with the connection");
}

/// Unacknowledged bytes are reported before a deadline for a reply, once for each deadline.
fn unacknowledged_bytes_are_reported_before_a_deadline(connect: Ends) {
    let wants = Wants { send: vec![7; 30_000_000], unacked: true, ..Wants::default() };
    let probe = Probe::new(wants, |wants, now, input| {
        // The machine waits for as long as it can write, and a little longer.
        wants.deadline = match input {
            Input::Sent(_) => Some(now.after(Duration::from_millis(200))),
            Input::Timeout => None,
            _ => wants.deadline,
        };
    });
    let probed = connect(probe);
    probed.watch.begin();
    probed.watch.until(Input::Timeout);
    let mut told = probed.watch.told();
    told.truncate(1 + told.iter().position(|input| *input == Input::Timeout).expect("it is there"));
    let unacked = told.iter().filter(|input| matches!(input, Input::Unacked(_))).count();
    assert_eq!(unacked, 1, "{told:?}");
    assert!(matches!(told[told.len() - 2..], [Input::Unacked(10_000..), Input::Timeout]), "{told:?}");
}

/// A peer that has ended its side and waits costs no CPU time, and its reset is reported.
fn a_half_closed_peer_costs_nothing_and_its_reset_is_reported(connect: Ends) {
    let probe = Probe::new(Wants { recv: 100, ..Wants::default() }, |_, _, _| {});
    let mut probed = connect(probe);
    probed.peer.send(b"last words");
    probed.watch.begin();
    probed.peer.fin();
    probed.watch.until(Input::Eof);
    gone(probed);
}

/// The same holds with a peer that has sent more than is read.
fn a_reset_is_reported_while_nothing_is_wanted(connect: Ends) {
    let mut probed = connect(Probe::new(Wants::default(), |_, _, _| {}));
    probed.peer.send(b"too much");
    probed.watch.begin();
    until("it is asked", || probed.watch.polls() > 0);
    gone(probed);
}

/// The same holds with a deadline that is far away.
fn a_reset_is_reported_while_only_a_deadline_is_wanted(connect: Ends) {
    let deadline = Some(Instant::from_epoch(Duration::from_secs(3600)));
    let mut probed = connect(Probe::new(Wants { deadline, ..Wants::default() }, |_, _, _| {}));
    probed.peer.send(b"too much");
    probed.peer.fin();
    probed.watch.begin();
    until("it is asked", || probed.watch.polls() > 0);
    gone(probed);
}

/// Checks that nothing happens while the peer is there, and that its vanishing is reported.
fn gone(Probed { peer, watch }: Probed) {
    sleep(WHILE);
    let polls = watch.polls();
    sleep(WHILE);
    assert!(watch.polls() - polls < FEW, "{} times in {WHILE:?}", watch.polls() - polls);
    assert!(!watch.told().iter().any(|input| matches!(input, Input::Failed(_))), "{:?}", watch.told());
    peer.vanish();
    watch.until(Input::Failed(SocketError::Reset));
}

/// A machine that is done says if its peer sees a reset or an end. All that came was read.
fn a_machine_that_is_done_resets_or_ends(connect: Ends) {
    for resets in [false, true] {
        let wants = Wants { recv: 100, resets, ..Wants::default() };
        let probe = Probe::new(wants, |wants, _, input| wants.over |= input == Input::Received(4));
        let mut probed = connect(probe);
        probed.watch.begin();
        probed.peer.send(b"last");
        let end = probed.peer.try_receive_all().map_err(|error| error.kind());
        assert_eq!(end, if resets { Err(ErrorKind::ConnectionReset) } else { Ok(Vec::new()) });
    }
}

/// A piece is handed to the machine at once, as it may be all that comes.
fn one_piece_is_read_at_a_time(connect: Ends) {
    let probe = Probe::new(Wants { recv: 1_000_000, ..Wants::default() }, |_, _, _| {});
    let mut probed = connect(probe);
    probed.watch.begin();
    probed.peer.send(&vec![7; 1_000_000]);
    probed.peer.fin();
    probed.watch.until(Input::Eof);
    let told = probed.watch.told();
    let most = told.iter().map(|input| if let Input::Received(bytes) = input { *bytes } else { 0 }).max();
    assert!(most <= Some(lottery_runtime::driving::PIECE), "{most:?}");
}

/// Makes the tests with the machine on each side.
macro_rules! on_both_sides {
    ($($test:ident),+ $(,)?) => {
        /// Contract of a driver with the machine of a server's connection.
        pub mod server_contract {
            use crate::StoppableRuntime;
            use crate::probe::Probed;

            $(pub fn $test<Server: StoppableRuntime>() { super::$test(Probed::of_server::<Server>); })+
        }

        /// Contract of a driver with the machine of a client.
        pub mod client_contract {
            use crate::StoppableRuntime;
            use crate::probe::Probed;

            $(pub fn $test<Client: StoppableRuntime>() { super::$test(Probed::of_client::<Client>); })+
        }
    };
}

on_both_sides!(
    arrived_bytes_come_before_a_deadline,
    endless_bytes_do_not_postpone_a_deadline,
    unacknowledged_bytes_are_reported_before_a_deadline,
    a_half_closed_peer_costs_nothing_and_its_reset_is_reported,
    a_reset_is_reported_while_nothing_is_wanted,
    a_reset_is_reported_while_only_a_deadline_is_wanted,
    a_machine_that_is_done_resets_or_ends,
    one_piece_is_read_at_a_time,
);
