//! Channel behind a connection's mailbox, for a driver that waits with a [`Waker`].

use std::collections::VecDeque;
use std::fmt;
use std::future::poll_fn;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use crate::Envelope;

/// Creates the channel of a mailbox, without bounds. It takes some hundred bytes, and no memory besides until it is
/// used.
pub fn channel<N>() -> (Sender<N>, Receiver<N>) {
    let state = State { mail: VecDeque::new(), waiting: None, is_closed: false };
    let shared = Arc::new(Mutex::new(state));
    (Sender(Arc::clone(&shared)), Receiver(shared))
}

struct State<N> {
    mail: VecDeque<Envelope<N>>,
    /// Waker of the receiver, while it waits.
    waiting: Option<Waker>,
    /// True once the receiver is gone.
    is_closed: bool,
}

/// Sending end. Clones are the same channel.
pub struct Sender<N>(Arc<Mutex<State<N>>>);

impl<N> Sender<N> {
    /// Sends mail. It never blocks; mail for a receiver that is gone is dropped.
    ///
    /// A receiver that waits is woken once, by the first mail: it takes the rest with it.
    pub fn send(&self, mail: Envelope<N>) {
        let mut state = lock(&self.0);
        if state.is_closed {
            return;
        }
        state.mail.push_back(mail);
        let waiting = state.waiting.take();
        drop(state);
        // Called without the lock: it runs code of the runtime.
        if let Some(waiting) = waiting {
            waiting.wake();
        }
    }
}

impl<N> Clone for Sender<N> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<N> fmt::Debug for Sender<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sender")
    }
}

/// Receiving end, of one task or thread.
pub struct Receiver<N>(Arc<Mutex<State<N>>>);

impl<N> Receiver<N> {
    /// Takes the next piece of mail, if there is any. The wait, if there is one, is over: nobody is woken until
    /// [`Receiver::poll_ready`] is called again.
    pub fn try_recv(&self) -> Option<Envelope<N>> {
        let mut state = lock(&self.0);
        let waited = state.waiting.take();
        let mail = state.mail.pop_front();
        drop(state);
        drop(waited);
        mail
    }

    /// Is ready if there is mail. Otherwise the next mail wakes the task, once.
    pub fn poll_ready(&self, cx: &mut Context<'_>) -> Poll<()> {
        let mut state = lock(&self.0);
        if !state.mail.is_empty() {
            return Poll::Ready(());
        }
        if !state.waiting.as_ref().is_some_and(|waiting| waiting.will_wake(cx.waker())) {
            state.waiting = Some(cx.waker().clone());
        }
        Poll::Pending
    }

    /// Waits until there is mail. It loses nothing when it is cancelled.
    pub async fn ready(&self) {
        poll_fn(|cx| self.poll_ready(cx)).await;
    }
}

impl<N> Drop for Receiver<N> {
    fn drop(&mut self) {
        let mut state = lock(&self.0);
        state.is_closed = true;
        let left = (mem::take(&mut state.mail), state.waiting.take());
        drop(state);
        drop(left);
    }
}

impl<N> fmt::Debug for Receiver<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Receiver")
    }
}

fn lock<N>(state: &Mutex<State<N>>) -> MutexGuard<'_, State<N>> {
    // The state is whole between any two statements: a panic elsewhere does not spoil it.
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::Wake;

    use super::*;

    /// Counts how often it is woken.
    #[derive(Default)]
    struct Count(AtomicUsize);

    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    impl Count {
        fn of(&self) -> usize {
            self.0.load(Ordering::Relaxed)
        }
    }

    fn notice(number: u32) -> Envelope<u32> {
        Envelope::Notice(Box::new(number))
    }

    fn take(receiver: &Receiver<u32>) -> Option<u32> {
        match receiver.try_recv()? {
            Envelope::Notice(notice) => Some(*notice),
            Envelope::Shutdown => panic!("nobody asked for it"),
        }
    }

    #[test]
    fn a_receiver_that_waits_is_woken_once_for_all_mail_that_comes_before_it_looks() {
        let (sender, receiver) = channel();
        let count = Arc::new(Count::default());
        let waker = Waker::from(Arc::clone(&count));
        let mut cx = Context::from_waker(&waker);
        for round in 1..4 {
            assert!(receiver.poll_ready(&mut cx).is_pending());
            for number in 0..100 {
                sender.clone().send(notice(number));
            }
            assert_eq!(count.of(), round);
            assert!(receiver.poll_ready(&mut cx).is_ready());
            assert_eq!((0..100).find(|number| take(&receiver) != Some(*number)), None, "in their order");
            assert_eq!(take(&receiver), None);
        }
    }

    #[test]
    fn a_receiver_that_is_busy_is_not_woken() {
        let (sender, receiver) = channel();
        let count = Arc::new(Count::default());
        let waker = Waker::from(Arc::clone(&count));
        assert!(receiver.poll_ready(&mut Context::from_waker(&waker)).is_pending());
        assert_eq!(take(&receiver), None, "something else has ended the wait");
        sender.send(notice(1));
        assert_eq!((count.of(), take(&receiver)), (0, Some(1)));
    }

    #[test]
    fn mail_for_a_receiver_that_is_gone_is_dropped_and_so_is_its_waker() {
        let (sender, receiver) = channel::<Arc<()>>();
        let (count, mail) = (Arc::new(Count::default()), Arc::new(()));
        let waker = Waker::from(Arc::clone(&count));
        assert!(receiver.poll_ready(&mut Context::from_waker(&waker)).is_pending());
        drop(waker);
        sender.send(Envelope::Notice(Box::new(Arc::clone(&mail))));
        drop(receiver);
        sender.send(Envelope::Notice(Box::new(Arc::clone(&mail))));
        assert_eq!((Arc::strong_count(&mail), Arc::strong_count(&count)), (1, 1));
    }
}
