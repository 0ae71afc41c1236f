//! Channel that `poll(2)` can wait for: a queue, and a descriptor that is readable while the queue is not
//! empty.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::{Arc, Weak, mpsc};

use lottery_runtime::Envelope;
use rustix::event::{EventfdFlags, eventfd};

/// Creates a channel.
///
/// # Errors
/// Fails if there is no descriptor left.
pub fn channel<N>() -> io::Result<(Sender<N>, Receiver<N>)> {
    let (queue, taker) = mpsc::channel();
    let bell = Arc::new(eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?);
    Ok((Sender { queue, bell: Arc::downgrade(&bell) }, Receiver { queue: taker, bell }))
}

/// Sending end. The descriptor belongs to the receiver, and is closed with it.
#[derive(Debug)]
pub struct Sender<N> {
    queue: mpsc::Sender<Envelope<N>>,
    bell: Weak<OwnedFd>,
}

impl<N> Sender<N> {
    /// Sends mail. It never blocks; mail for a receiver that is gone is dropped.
    pub fn send(&self, mail: Envelope<N>) {
        if self.queue.send(mail).is_ok()
            && let Some(bell) = self.bell.upgrade()
        {
            // This fails only if the receiver has ignored 2^64 of these.
            let _ = rustix::io::write(&bell, &1_u64.to_ne_bytes());
        }
    }
}

impl<N> Clone for Sender<N> {
    fn clone(&self) -> Self {
        Self { queue: self.queue.clone(), bell: Weak::clone(&self.bell) }
    }
}

/// Receiving end.
#[derive(Debug)]
pub struct Receiver<N> {
    queue: mpsc::Receiver<Envelope<N>>,
    bell: Arc<OwnedFd>,
}

impl<N> Receiver<N> {
    /// Takes the next piece of mail, if there is any.
    pub fn try_recv(&self) -> Option<Envelope<N>> {
        self.queue.try_recv().ok().or_else(|| {
            // The descriptor is reset only when the queue is empty. The second look catches mail sent
            // meanwhile: a sender queues its mail before it signals.
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rustix::event::PollFlags;

    use super::*;
    use crate::poll::poll;

    fn is_readable(receiver: &Receiver<u32>) -> bool {
        poll(&[(receiver.as_fd(), PollFlags::IN)], Some(Duration::ZERO)).contains(PollFlags::IN)
    }

    fn take(receiver: &Receiver<u32>) -> Option<u32> {
        match receiver.try_recv()? {
            Envelope::Notice(notice) => Some(*notice),
            Envelope::Shutdown => panic!("nobody asked for it"),
        }
    }

    #[test]
    fn the_descriptor_is_readable_until_an_empty_queue_was_seen() {
        let (sender, receiver) = channel().unwrap();
        assert!(!is_readable(&receiver));
        assert_eq!(take(&receiver), None);
        sender.send(Envelope::Notice(Box::new(1)));
        sender.clone().send(Envelope::Notice(Box::new(2)));
        assert!(is_readable(&receiver));
        assert_eq!([take(&receiver), take(&receiver)], [Some(1), Some(2)]);
        assert!(is_readable(&receiver), "more may have come");
        assert_eq!(take(&receiver), None);
        assert!(!is_readable(&receiver));
        sender.send(Envelope::Notice(Box::new(3)));
        assert!(is_readable(&receiver));
        assert_eq!(take(&receiver), Some(3));
    }

    #[test]
    fn mail_for_a_receiver_that_is_gone_is_dropped() {
        let (sender, receiver) = channel().unwrap();
        drop(receiver);
        sender.send(Envelope::Notice(Box::new(1)));
        assert!(sender.bell.upgrade().is_none(), "the descriptor is closed");
    }
}
