//! The service behind the port: how many connections it takes, and how the program ends.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use lottery_core::centre::Centre;
use lottery_core::centres::Centres;
use lottery_core::desk::Desk;
use lottery_core::seam::{Mailbox, Service as _};
use lottery_proto::{Input, Instant, Machine as _, ServerConfig};

fn centres(max_connections: usize) -> Centres {
    Centres::new(ServerConfig::default(), Arc::new(Desk::new(usize::MAX)), max_connections)
}

fn accept(centres: &Centres) -> Option<Centre> {
    centres.accept(Instant::default(), ([10, 0, 0, 1], 1).into(), Mailbox::new(|_| ()))
}

/// What is sent back for these bytes.
fn answer(centre: &mut Centre, bytes: &[u8]) -> Vec<u8> {
    let now = Instant::default();
    centre.poll_io().unwrap().recv[..bytes.len()].copy_from_slice(bytes);
    centre.handle(now, Input::Received(bytes.len()));
    centre.poll_io().unwrap().send.to_vec()
}

#[test]
fn over_the_limit_so_many_are_told_and_the_rest_are_closed() {
    let centres = centres(2);
    let mut taken: Vec<Centre> = std::iter::from_fn(|| accept(&centres)).take(1000).collect();
    assert_eq!(taken.len(), 2 + 64);
    assert_eq!(answer(&mut taken[1], b"hello\n"), b"hello\n");
    assert_eq!(answer(&mut taken[2], b"hello\n"), b"", "it is closed, without an echo");
    taken.pop();
    assert!(accept(&centres).is_some(), "there is a place again");
}

#[test]
fn what_stands_before_an_echo_is_set() {
    let mut with = accept(&centres(1).with_echo_prefix("received: ")).unwrap();
    assert_eq!(answer(&mut with, b"hello\n"), b"received: hello\n");
    let mut without = accept(&centres(1)).unwrap();
    assert_eq!(answer(&mut without, b"hello\n"), b"hello\n");
}

#[test]
fn a_stop_ends_the_program_whether_it_comes_before_the_start_or_after() {
    for stops in [[true, false], [false, true], [true, true], [false, false]] {
        let centres = centres(1);
        let stop = centres.stop();
        assert_eq!(format!("{stop:?}"), "Stop");
        let stopped = Arc::new(AtomicUsize::new(0));
        let [before, after] = stops;
        if before {
            stop.stop();
        }
        let count = Arc::clone(&stopped);
        centres.started(Box::new(move || {
            count.fetch_add(1, Ordering::Relaxed);
        }));
        if after {
            stop.stop();
        }
        assert_eq!(stopped.load(Ordering::Relaxed), usize::from(before) + usize::from(after));
    }
}
