//! Memory of a connection behind TLS, as the allocator counts it, besides that of the machine inside.
//!
//! The allocator counts for the whole process, so there is one test here. What aws-lc allocates, some hundreds of bytes
//! for the keys of a connection, it does not see.

use std::io::Write;

use lottery_proto::{AgencyId, Endpoint, Input, Instant, Io};
use lottery_runtime::{Machine, Secured};
use lottery_testkit::{at, feed, take};
use lottery_tls::{MAX_MEMORY, Tls};
use peak_alloc::PeakAlloc;

#[path = "tls/support/certificates.rs"]
#[expect(dead_code, reason = "other tests use more of it")]
mod certificates;
#[path = "tls/support/raw.rs"]
#[expect(dead_code, reason = "other tests use more of it")]
mod raw;

use certificates::{Ca, server_config};

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

/// Machine that holds nothing: it reads while it `takes`, and sends `answer`.
struct Nothing {
    room: [u8; 64],
    takes: bool,
    answer: &'static [u8],
}

impl Endpoint for Nothing {
    fn poll_io(&mut self) -> Option<Io<'_>> {
        let room = if self.takes { &mut self.room[..] } else { &mut [] };
        Some(Io::new(room, self.answer))
    }

    fn handle(&mut self, _: Instant, input: Input) {
        if let Input::Sent(sent) = input {
            self.answer = &self.answer[sent..];
        }
    }
}

impl Machine for Nothing {
    type Notice = (bool, &'static [u8]);

    fn notice(&mut self, _: Instant, (takes, answer): (bool, &'static [u8])) {
        (self.takes, self.answer) = (takes, answer);
    }
}

impl Secured for Nothing {
    fn identified(&mut self, _: Instant, _: AgencyId) {}

    fn refuse_plain(&mut self, _: Instant) {}
}

/// Drops a connection, and returns the bytes that it held, itself included.
fn held(server: Tls<Nothing>) -> usize {
    let before = ALLOCATOR.current_usage();
    drop(server);
    before - ALLOCATOR.current_usage() + size_of::<Tls<Nothing>>()
}

static ANSWER: [u8; 100_000] = [7; 100_000];

#[test]
fn a_connection_holds_no_more_than_it_may_and_little_while_it_is_idle() {
    let ca = Ca::new("the CA");
    let config = server_config(&ca.server(), &ca.pem()).unwrap();
    let settings = raw::config(&ca, Some(&ca.agency(3)));
    let begin = || {
        let nothing = Nothing { room: [0; 64], takes: true, answer: b"" };
        let mut server = Tls::new(nothing, config.clone(), false);
        let mut client = raw::client(settings.clone());
        let peak = peak_of(|| raw::exchange(&mut client, &mut server, at(0)).unwrap());
        assert!(peak < 120_000, "both sides: {peak}");
        (server, client)
    };
    // Idle, after the buffers are given back.
    let (mut server, _client) = begin();
    server.handle(at(1_000), Input::Timeout);
    let idle = held(server);

    // The client and its records take the same, call by call, so that all beyond that is the server's.
    let (server, _client) = begin();
    let fresh = held(server);
    let mut most = 0;
    for takes in [false, true] {
        // Long records, of which the machine takes nothing or all, and an answer that the peer does not read or reads.
        let (mut server, mut client) = begin();
        server.notice(at(1), (takes, b""));
        let others = ALLOCATOR.current_usage() - fresh;
        for _ in 0..20 {
            client.writer().write_all(&ANSWER[..16_384]).unwrap();
            let records = raw::records(&mut client);
            let others = others + records.capacity();
            let mut top = |call: &mut dyn FnMut()| {
                ALLOCATOR.reset_peak_usage();
                call();
                most = most.max(ALLOCATOR.peak_usage().saturating_sub(others));
            };
            top(&mut || _ = feed(&mut server, at(2), &records));
            top(&mut || server.notice(at(3), (takes, &ANSWER)));
            top(&mut || _ = feed(&mut server, at(3), &records[..0]));
            if takes {
                let _ = take(&mut server, at(3));
            }
        }
    }

    // Half a handshake, as long as it may be.
    let nothing = Nothing { room: [0; 64], takes: true, answer: b"" };
    let mut server = Tls::new(nothing, config.clone(), false);
    let record =
        |begin: &[u8]| [&b"\x16\x03\x01\x40\x00"[..], begin, &vec![0; 0x4000 - begin.len()]].concat();
    let long = [record(b"\x01\x00\xea\x60"), record(b"")].concat();
    let _ = feed(&mut server, at(0), &long[..16_000]);
    let half = held(server);
    println!("idle {idle}, fresh {fresh}, busy {most}, half {half}");
    assert!(idle < 8 * 1024, "{idle}");
    assert!(most.max(half) <= MAX_MEMORY, "{most}, {half}");
}

/// Returns the bytes that are allocated at most during a call, besides those before it.
fn peak_of(call: impl FnOnce()) -> usize {
    let before = ALLOCATOR.current_usage();
    ALLOCATOR.reset_peak_usage();
    call();
    ALLOCATOR.peak_usage() - before
}
