//! Channel of a mailbox, whose receiver waits with `poll(2)` for mail and for another descriptor at once.

use std::io;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use lottery_runtime::{Envelope, Sender};
use rustix::event::{EventfdFlags, PollFlags, eventfd};

use crate::poll::poll;

/// Creates a channel.
///
/// # Errors
/// Fails if there is no descriptor left.
pub fn channel<N>() -> io::Result<(Sender<N>, Receiver<N>)> {
    let bell = Arc::new(Bell(eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?));
    let (sender, queue) = lottery_runtime::channel();
    Ok((sender, Receiver { queue, waker: Waker::from(Arc::clone(&bell)), bell }))
}

/// Descriptor that is readable once the thread that waits is to be woken.
#[derive(Debug)]
struct Bell(OwnedFd);

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        // This fails only if the receiver has ignored 2^64 of these.
        let _ = rustix::io::write(&self.0, &1_u64.to_ne_bytes());
    }
}

/// Receiving end. Its descriptor is closed with it.
///
/// A sender writes to the descriptor only while the receiver waits, and once: what comes while it is busy, or is
/// woken already, costs no system call.
#[derive(Debug)]
pub struct Receiver<N> {
    queue: lottery_runtime::Receiver<N>,
    bell: Arc<Bell>,
    waker: Waker,
}

impl<N> Receiver<N> {
    /// Takes the next piece of mail, if there is any.
    pub fn try_recv(&self) -> Option<Envelope<N>> {
        self.queue.try_recv()
    }

    /// Waits until the descriptor is ready, there is mail, or for `limit`, and returns the events of the descriptor. A
    /// dead one is always ready, also without any wanted event.
    pub(crate) fn wait(
        &self,
        descriptor: Option<(BorrowedFd<'_>, PollFlags)>,
        limit: Option<Duration>,
    ) -> PollFlags {
        if self.queue.poll_ready(&mut Context::from_waker(&self.waker)) == Poll::Ready(()) {
            return PollFlags::empty();
        }
        let bell = (self.bell.0.as_fd(), PollFlags::IN);
        let [rung, found] = match descriptor {
            Some(descriptor) => poll([bell, descriptor], limit),
            None => [poll([bell], limit)[0], PollFlags::empty()],
        };
        if !rung.is_empty() {
            // Makes it silent again. It is not rung before the next wait.
            let _ = rustix::io::read(&self.bell.0, &mut [0; 8]);
        }
        found
    }

    /// Returns a handle that ends a wait, also one that has not begun.
    pub(crate) fn waker(&self) -> Waker {
        self.waker.clone()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    fn take(receiver: &Receiver<u32>) -> Option<u32> {
        match receiver.try_recv()? {
            Envelope::Notice(notice) => Some(*notice),
            Envelope::Shutdown => panic!("nobody asked for it"),
        }
    }

    /// Returns the number of times that the bell was rung since it was silent.
    fn rings(receiver: &Receiver<u32>) -> u64 {
        let mut count = [0; 8];
        rustix::io::read(&receiver.bell.0, &mut count).map_or(0, |_| u64::from_ne_bytes(count))
    }

    #[test]
    fn the_bell_is_rung_once_for_a_receiver_that_waits_and_never_for_one_that_is_busy() {
        let (sender, receiver) = channel().unwrap();
        let send = |number| sender.clone().send(Envelope::Notice(Box::new(number)));
        send(0);
        assert_eq!((rings(&receiver), take(&receiver)), (0, Some(0)), "it was not waiting");
        for round in 0..3 {
            assert!(receiver.queue.poll_ready(&mut Context::from_waker(&receiver.waker)).is_pending());
            (1..4).for_each(send);
            assert_eq!(rings(&receiver), 1, "in round {round}");
            assert_eq!([(); 4].map(|()| take(&receiver)), [Some(1), Some(2), Some(3), None]);
        }
    }

    #[test]
    fn a_wait_ends_with_the_mail_that_comes_and_begins_again() {
        let (sender, receiver) = channel().unwrap();
        for number in 0..3 {
            std::thread::scope(|scope| {
                let sending = scope.spawn(|| sender.send(Envelope::Notice(Box::new(number))));
                let mut found = None;
                while found.is_none() {
                    receiver.wait(None, None);
                    found = take(&receiver);
                }
                assert_eq!(found, Some(number));
                sending.join().unwrap();
            });
            let (start, limit) = (Instant::now(), Duration::from_millis(20));
            while start.elapsed() < limit {
                // The bell may have been rung after the mail was taken.
                receiver.wait(None, Some(limit));
                assert_eq!(take(&receiver), None);
            }
            assert_eq!(rings(&receiver), 0, "it is silent");
        }
    }

    #[test]
    fn mail_for_a_receiver_that_is_gone_is_dropped_and_its_descriptor_is_closed() {
        let (sender, receiver) = channel().unwrap();
        assert!(receiver.queue.poll_ready(&mut Context::from_waker(&receiver.waker)).is_pending());
        let bell = Arc::downgrade(&receiver.bell);
        drop(receiver);
        sender.send(Envelope::Notice(Box::new(1)));
        assert!(bell.upgrade().is_none());
    }
}
