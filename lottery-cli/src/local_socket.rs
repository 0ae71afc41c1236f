//! Local socket of a running server: one thread listens, one answers each client, and only clients of the
//! same user or root are served.

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

/// Configuration of a socket's answers.
pub(crate) struct Answers<A> {
    /// Name of the socket in the log.
    pub(crate) name: &'static str,
    /// Maximum number of clients that are answered at once.
    pub(crate) max_clients: usize,
    /// Function that answers a client above that number. It must not block.
    pub(crate) too_many: fn(&UnixStream),
    /// Function that answers a client that may ask.
    pub(crate) answer: A,
}

/// Open socket, which closes when this is dropped.
#[derive(Debug)]
pub(crate) struct LocalSocket {
    listener: Arc<UnixListener>,
    closed: Arc<AtomicBool>,
}

impl LocalSocket {
    /// Answers clients of a socket.
    ///
    /// # Errors
    ///
    /// No thread can be started.
    pub(crate) fn open<A>(listener: UnixListener, answers: Answers<A>) -> io::Result<Self>
    where
        A: Fn(&UnixStream) + Send + Sync + 'static,
    {
        let socket = Self { listener: Arc::new(listener), closed: Arc::default() };
        let (listener, closed) = (Arc::clone(&socket.listener), Arc::clone(&socket.closed));
        let name = answers.name.to_owned();
        let listening = move || listen(&listener, &closed, &Arc::new(answers));
        thread::Builder::new().name(name).spawn(listening)?;
        Ok(socket)
    }
}

impl Drop for LocalSocket {
    fn drop(&mut self) {
        self.closed.store(true, Ordering::SeqCst);
        // The shutdown wakes the thread that waits for the next client.
        let _ = rustix::net::shutdown(&*self.listener, Shutdown::Both);
    }
}

fn listen<A>(listener: &UnixListener, closed: &AtomicBool, answers: &Arc<Answers<A>>)
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
        if place.others >= answers.max_clients {
            (answers.too_many)(&stream);
            continue;
        }
        let answering = Arc::clone(answers);
        let started = thread::Builder::new().name(format!("{}-answer", answers.name)).spawn(move || {
            let _place = place;
            match may_ask(&stream) {
                Ok(()) => (answering.answer)(&stream),
                Err(error) => warn!(action = answering.name, result = "fail", reason = %error),
            }
        });
        if let Err(error) = started {
            warn!(action = answers.name, result = "fail", reason = %error);
        }
    }
}

/// Checks that the client is the same user, or root.
fn may_ask(stream: &UnixStream) -> io::Result<()> {
    let peer = socket_peercred(stream)?.uid;
    if peer == geteuid() || peer.is_root() {
        return Ok(());
    }
    let problem = format!("user {} asks", peer.as_raw());
    Err(io::Error::new(io::ErrorKind::PermissionDenied, problem))
}

/// Sets the timeout of each read and each write.
pub(crate) fn set_patience(stream: &UnixStream, patience: Duration) -> io::Result<()> {
    stream.set_read_timeout(Some(patience))?;
    stream.set_write_timeout(Some(patience))
}

/// Place of a client that is answered, until this is dropped.
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
