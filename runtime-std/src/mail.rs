//! A channel that `poll(2)` can wait for: a queue, and a descriptor that is readable while there is something in it.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::{Arc, Weak, mpsc};

use lottery_runtime::Envelope;
use rustix::event::{EventfdFlags, eventfd};

/// Makes a channel.
///
/// # Errors
/// There is no descriptor left.
pub fn mail<N>() -> io::Result<(Sender<N>, Receiver<N>)> {
    let (queue, taker) = mpsc::channel();
    let bell = Arc::new(eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?);
    Ok((Sender { queue, bell: Arc::downgrade(&bell) }, Receiver { queue: taker, bell }))
}

/// Where to put mail in. The descriptor is the receiver's, and is closed with it.
#[derive(Debug)]
pub struct Sender<N> {
    queue: mpsc::Sender<Envelope<N>>,
    bell: Weak<OwnedFd>,
}

impl<N> Sender<N> {
    /// Puts mail in. It never blocks; to a receiver that is gone it is dropped.
    pub fn send(&self, mail: Envelope<N>) {
        if self.queue.send(mail).is_ok()
            && let Some(bell) = self.bell.upgrade()
        {
            // It fails only if it has been rung 2^64 times and not been heard.
            let _ = rustix::io::write(&bell, &1_u64.to_ne_bytes());
        }
    }
}

impl<N> Clone for Sender<N> {
    fn clone(&self) -> Self {
        Self { queue: self.queue.clone(), bell: Weak::clone(&self.bell) }
    }
}

/// Where to take mail out.
#[derive(Debug)]
pub struct Receiver<N> {
    queue: mpsc::Receiver<Envelope<N>>,
    bell: Arc<OwnedFd>,
}

impl<N> Receiver<N> {
    /// Takes the next piece of mail, if there is any.
    pub fn try_take(&self) -> Option<Envelope<N>> {
        self.queue.try_recv().ok().or_else(|| {
            // Silence the bell only when nothing is left, and look once more: who rings puts his mail in first.
            rustix::io::read(&self.bell, &mut [0; 8]).ok()?;
            self.queue.try_recv().ok()
        })
    }
}

impl<N> AsFd for Receiver<N> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.bell.as_fd()
    }
}
