//! A local socket of a running centre: a thread that listens, one for each who asks, and only its own user or root may.

use std::io;
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use rustix::net::Shutdown;
use rustix::net::sockopt::socket_peercred;
use rustix::process::geteuid;
use tracing::warn;

/// How those who ask are answered.
pub(crate) struct Manner<A> {
    /// What the socket is called in the log.
    pub(crate) name: &'static str,
    /// So many are answered at once.
    pub(crate) most: usize,
    /// What one more is told. It must not wait.
    pub(crate) too_many: fn(&UnixStream),
    /// Answers one who may ask.
    pub(crate) answer: A,
}

/// An open door. It closes when this is dropped.
#[derive(Debug)]
pub(crate) struct Door {
    listener: Arc<UnixListener>,
    closed: Arc<AtomicBool>,
}

impl Door {
    /// Answers those who come to a socket.
    ///
    /// # Errors
    /// There is no thread to be had.
    pub(crate) fn open<A>(listener: UnixListener, manner: Manner<A>) -> io::Result<Self>
    where
        A: Fn(&UnixStream) + Send + Sync + 'static,
    {
        let door = Self { listener: Arc::new(listener), closed: Arc::default() };
        let (listener, closed) = (Arc::clone(&door.listener), Arc::clone(&door.closed));
        let name = manner.name.to_owned();
        let listening = move || listen(&listener, &closed, &Arc::new(manner));
        thread::Builder::new().name(name).spawn(listening)?;
        Ok(door)
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        self.closed.store(true, Ordering::SeqCst);
        // It ends the waiting for the next who comes.
        let _ = rustix::net::shutdown(&*self.listener, Shutdown::Both);
    }
}

fn listen<A>(listener: &UnixListener, closed: &AtomicBool, manner: &Arc<Manner<A>>)
where
    A: Fn(&UnixStream) + Send + Sync + 'static,
{
    let busy = Arc::new(AtomicUsize::new(0));
    while !closed.load(Ordering::SeqCst) {
        let Ok((stream, _)) = listener.accept() else {
            // Without descriptors it would fail again at once.
            thread::sleep(lottery_runtime::ACCEPT_PAUSE);
            continue;
        };
        let place = Place::take(&busy);
        if place.others >= manner.most {
            (manner.too_many)(&stream);
            continue;
        }
        let answering = Arc::clone(manner);
        let started = thread::Builder::new().name(format!("{}-answer", manner.name)).spawn(move || {
            let _place = place;
            match may_ask(&stream) {
                Ok(()) => (answering.answer)(&stream),
                Err(error) => warn!(action = answering.name, result = "fail", reason = %error),
            }
        });
        if let Err(error) = started {
            warn!(action = manner.name, result = "fail", reason = %error);
        }
    }
}

/// Whoever asks must be the same user, or root.
fn may_ask(stream: &UnixStream) -> io::Result<()> {
    let peer = socket_peercred(stream)?.uid;
    if peer == geteuid() || peer.is_root() {
        return Ok(());
    }
    let problem = format!("user {} asks", peer.as_raw());
    Err(io::Error::new(io::ErrorKind::PermissionDenied, problem))
}

/// For how long either side waits for the other's next word.
pub(crate) fn set_patience(stream: &UnixStream, patience: Duration) -> io::Result<()> {
    stream.set_read_timeout(Some(patience))?;
    stream.set_write_timeout(Some(patience))
}

/// One that is answered, until this is dropped.
struct Place {
    busy: Arc<AtomicUsize>,
    others: usize,
}

impl Place {
    fn take(busy: &Arc<AtomicUsize>) -> Self {
        Self { busy: Arc::clone(busy), others: busy.fetch_add(1, Ordering::Relaxed) }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.busy.fetch_sub(1, Ordering::Relaxed);
    }
}
