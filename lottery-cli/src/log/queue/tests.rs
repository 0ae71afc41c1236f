//! Tests of a queue whose reader is slow, gone, or back again.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::*;
use crate::log::{Clock, Format, Zone, format};

fn lost(lines: u64) -> String {
    let now: fn() -> SystemTime = || UNIX_EPOCH + Duration::from_secs(1_724_278_275);
    format::lost(Format::Course, &Clock { now, zone: Zone::Utc }, lines)
}

const LOST: &str = "2024-08-21 22:11:15 WARNING  action: log | result: fail | lost_lines: ";

/// Sink that takes the number of bytes that the test sends, each time; or fails.
struct Told {
    takes: Receiver<io::Result<usize>>,
    written: Sender<String>,
}

impl Sink for Told {
    fn write(&mut self, lines: &[u8]) -> io::Result<usize> {
        let takes = self.takes.recv().unwrap_or(Ok(usize::MAX))?.min(lines.len());
        let _ = self.written.send(String::from_utf8_lossy(&lines[..takes]).into_owned());
        Ok(takes)
    }
}

/// Returns a queue of so many bytes, the sender of its sink's results, and the receiver of the lines
/// written.
fn queue(limit: usize) -> (Queue, Sender<io::Result<usize>>, Receiver<String>) {
    queue_with(PAUSE, limit)
}

/// Returns a queue as [`queue`] does, with that pause between two writes.
fn queue_with(pause: Duration, limit: usize) -> (Queue, Sender<io::Result<usize>>, Receiver<String>) {
    let ((tell, takes), (written, read)) = (channel(), channel());
    (Queue::with_pause(pause, limit, lost, Told { takes, written }).unwrap(), tell, read)
}

/// Waits until all is written, however busy the machine is: what can be written to is not stuck.
fn finished(queue: &Queue) {
    assert!(queue.finish(Patience::Whole(TICK), || true));
}

#[test]
fn lines_that_do_not_fit_are_dropped_and_counted_in_their_place() {
    let (queue, tell, read) = queue(9);
    queue.push(b"first\n");
    // The writer has the line once the queue is empty; before that the second may not fit.
    while !queue.0.lock().lines.is_empty() {
        thread::yield_now();
    }
    for line in [&b"a\n"[..], b"bb\n", b"four\n", b"c\n", b"d\n"] {
        queue.push(line);
    }
    assert!(!queue.finish(Patience::Whole(TICK), || false), "nobody takes the first");
    drop(tell);
    finished(&queue);
    let written: String = read.try_iter().collect();
    assert_eq!(written, format!("first\na\nbb\n{LOST}3\n"));
    queue.push(b"last\n");
    finished(&queue);
    assert_eq!(read.try_iter().collect::<String>(), "last\n");
}

#[test]
fn lines_are_written_whole_however_few_bytes_are_taken() {
    let (queue, tell, read) = queue(1000);
    for takes in [1, 2, 3] {
        tell.send(Ok(takes)).unwrap();
    }
    tell.send(Err(io::ErrorKind::Interrupted.into())).unwrap();
    drop(tell);
    queue.push(b"one line\n");
    queue.push(b"another\n");
    finished(&queue);
    assert_eq!(read.try_iter().collect::<String>(), "one line\nanother\n");
}

#[test]
fn lines_that_were_not_written_are_counted_when_one_can_be() {
    let (queue, tell, read) = queue(1000);
    tell.send(Ok(3)).unwrap();
    tell.send(Err(io::ErrorKind::StorageFull.into())).unwrap();
    queue.push(b"a line\n");
    finished(&queue);
    // The report cannot be written either.
    tell.send(Err(io::ErrorKind::StorageFull.into())).unwrap();
    queue.push(b"another\n");
    finished(&queue);
    drop(tell);
    queue.push(b"last\n");
    finished(&queue);
    assert_eq!(read.try_iter().collect::<String>(), format!("a l\n{LOST}2\nlast\n"));
}

#[test]
fn a_slow_reader_is_waited_for_and_one_that_takes_nothing_is_not() {
    let (queue, tell, _read) = queue(1000);
    queue.push(b"a line\n");
    assert!(!queue.finish(Patience::Whole(3 * TICK), || false));
    assert!(!queue.finish(Patience::Idle(3 * TICK), || false));
    let looks = std::cell::Cell::new(0);
    // The sink takes one of 7 bytes at each check.
    let slow = || {
        looks.set(looks.get() + 1);
        tell.send(Ok(1)).unwrap();
        looks.get() % 2 == 0
    };
    assert!(queue.finish(Patience::Idle(2 * TICK), slow));
}

/// Pause that no test lives to see the end of.
const ENDLESS: Duration = Duration::from_secs(3600);

#[test]
fn a_line_is_written_at_once_and_those_that_follow_it_together() {
    let (queue, tell, read) = queue_with(ENDLESS, 100_000);
    drop(tell);
    queue.push(b"first\n");
    assert_eq!(read.recv().unwrap(), "first\n");
    for _ in 0..1000 {
        queue.push(b"another\n");
    }
    assert!(queue.finish(Patience::Idle(ENDLESS), || true), "who waits for the lines ends the pause");
    assert_eq!(read.try_iter().collect::<Vec<_>>(), ["another\n".repeat(1000)]);
}

#[test]
fn lines_that_come_within_a_pause_are_written_behind_it() {
    let (queue, tell, read) = queue_with(Duration::from_millis(1), 1000);
    drop(tell);
    for number in 0..100 {
        let line = format!("{number}\n");
        queue.push(line.as_bytes());
        assert_eq!(read.recv().unwrap(), line);
    }
}

#[test]
fn a_queue_that_is_half_full_does_not_wait_for_more() {
    let (queue, tell, read) = queue_with(ENDLESS, 100);
    drop(tell);
    queue.push(b"first\n");
    assert_eq!(read.recv().unwrap(), "first\n");
    for _ in 0..20 {
        // The writer is in a pause, which only the second of these ends.
        queue.push(&[b'.'; 50]);
        queue.push(b"\n");
        assert_eq!(read.recv().unwrap(), ".".repeat(50) + "\n");
    }
}
