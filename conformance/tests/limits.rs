//! More than is served: connections over the limit, and winners that no answer can carry.

use std::io::{self, Write};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::SystemTime;

use conformance::agencies::Calling;
use conformance::centre::{Running, Terms};
use conformance::files::File;
use conformance::patience::until;
use conformance::raw::Raw;
use conformance::wire::wire;
use conformance::{OnRuntime, on_every_pair, on_every_server};
use lottery_core::agency::{Agency, AgencyError};
use lottery_core::log::{Level, subscriber};
use lottery_core::store::MemoryStore;
use lottery_proto::Dialect;

/// One connection more than are taken is refused with a clean end; the others do not notice.
fn one_too_many_is_refused<Server: OnRuntime>() {
    for &dialect in Dialect::ALL {
        let wire = wire(dialect);
        let terms = Terms { max_connections: 3, ..Terms::new(4) };
        let centre = Running::start::<Server>(&terms, MemoryStore::new());
        let ask = |peer: &mut Raw, agency| {
            peer.send(&wire.query(agency));
            peer.receive(wire.pending(agency).len()) == wire.pending(agency)
        };
        let mut served: Vec<Raw> = (0..3).map(|_| Raw::connect(centre.address)).collect();
        for (peer, agency) in served.iter_mut().zip(1..) {
            assert!(ask(peer, agency), "{dialect}: those within the limit are served");
        }
        // One that says nothing, one that has begun, and one that has sent much.
        for bytes in [&[][..], &wire.query(4)[..1], &wire.query(4).repeat(20)] {
            let mut refused = Raw::connect(centre.address);
            let sent = refused.0.write_all(bytes);
            assert_eq!(refused.receive_all(), b"", "{dialect}: a clean end");
            sent.expect("what was begun is read");
        }
        for (peer, agency) in served.iter_mut().zip(1..) {
            assert!(ask(peer, agency), "{dialect}: those within the limit are served on");
        }
        drop(served.pop());
        until("a new one is served", || {
            let mut peer = Raw::connect(centre.address);
            peer.send(&wire.query(4));
            let answer = peer.0.shutdown(std::net::Shutdown::Write).and_then(|()| peer.try_receive_all());
            answer.is_ok_and(|answer| answer == wire.pending(4))
        });
        drop(served);
        centre.end();
    }
}

/// What the centre has logged, of all tests.
#[derive(Clone, Debug, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Lines {
    /// Starts to log, once.
    fn shared() -> Self {
        static LINES: OnceLock<Lines> = OnceLock::new();
        let start = || {
            let lines = Self::default();
            let writer = lines.clone();
            let subscriber = subscriber(Level::Info, || SystemTime::UNIX_EPOCH, move || writer.clone());
            tracing::subscriber::set_global_default(subscriber).expect("it is the only one");
            lines
        };
        LINES.get_or_init(start).clone()
    }

    fn holds(&self, line: &str) -> bool {
        let lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&lines).contains(line)
    }
}

/// An agency with more winners than an answer carries gets none of them, and the log says why.
fn too_many_winners_are_not_shortened<Server: OnRuntime, Client: OnRuntime>() {
    // By its number of winners each test knows its log line.
    static WINNERS: AtomicU32 = AtomicU32::new(1000);
    let lines = Lines::shared();
    for &dialect in Dialect::ALL {
        let winners = WINNERS.fetch_add(1, Ordering::Relaxed);
        let (many, few) = (File::winning(1, winners), File::invented(2, 50));
        let centre = Running::in_memory::<Server>(2);
        let start = |file| Calling::<Agency>::agency::<Client>(centre.address, dialect, file);
        let (lost, served) = (start(&many), start(&few));
        let outcome = lost.outcome();
        assert!(matches!(outcome, Err(AgencyError::Closed { .. })), "{dialect}: {outcome:?}");
        assert_eq!(served.winners(), few.winners(), "{dialect}: the other agency gets its winners");

        let mut peer = Raw::connect(centre.address);
        peer.send(&wire(dialect).query(1));
        assert_eq!(peer.receive_all(), b"", "{dialect}: a clean end, without a list");
        drop(peer);
        let line = format!(
            "WARNING  action: consulta_ganadores | result: fail | ip: 127.0.0.1 | agency: 1 | \
             cant_ganadores: {winners} | reason: more winners than this wire can carry in one answer\n"
        );
        assert!(lines.holds(&line), "{dialect}: {line}");
        centre.end();
    }
}

on_every_server!(one_too_many_is_refused);
on_every_pair!(too_many_winners_are_not_shortened);
