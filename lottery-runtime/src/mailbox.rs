//! Messages to a connection from other tasks.

use std::fmt;
use std::sync::Arc;

use lottery_proto::{Input, Instant};

use crate::Machine;

/// Sending end of a connection's mailbox. Clones are the same mailbox.
///
/// The runtime makes it from a channel of its own, without bounds; the application holds it, and sends notices
/// from any task or thread. Notices to a connection that is gone are dropped.
pub struct Mailbox<N>(Arc<dyn Fn(N) + Send + Sync>);

impl<N> Mailbox<N> {
    /// Creates a mailbox that passes every notice to `deliver`, which must not block.
    pub fn new(deliver: impl Fn(N) + Send + Sync + 'static) -> Self {
        Self(Arc::new(deliver))
    }

    /// Creates a mailbox that passes every notice, in its envelope, to `send`: the sending end of a runtime's
    /// channel. It must not block.
    pub fn from_sender(send: impl Fn(Envelope<N>) + Send + Sync + 'static) -> Self {
        Self::new(move |notice| send(Envelope::Notice(Box::new(notice))))
    }

    /// Delivers a notice. It never blocks.
    pub fn deliver(&self, notice: N) {
        (self.0)(notice);
    }
}

impl<N> Clone for Mailbox<N> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<N> fmt::Debug for Mailbox<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Mailbox")
    }
}

/// Content of a connection's mailbox, for the channel of a runtime.
#[derive(Debug)]
pub enum Envelope<N> {
    /// Notice from another part of the application. Boxed, as channels reserve room for many.
    Notice(Box<N>),
    /// Request of the runtime to end, because the program is to.
    Shutdown,
}

impl<N> Envelope<N> {
    /// Delivers the content to the machine: a notice to [`Machine::notice`], the request to end to
    /// [`handle`](lottery_proto::Endpoint::handle) as [`Input::Shutdown`].
    pub fn deliver_to<M: Machine<Notice = N>>(self, machine: &mut M, now: Instant) {
        match self {
            Self::Notice(notice) => machine.notice(now, *notice),
            Self::Shutdown => machine.handle(now, Input::Shutdown),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::time::Duration;

    use lottery_proto::{Endpoint, Io};

    use super::*;

    #[derive(Default)]
    struct Recorder {
        notices: Vec<(Instant, &'static str)>,
        inputs: Vec<(Instant, Input)>,
    }

    impl Endpoint for Recorder {
        fn poll_io(&mut self) -> Option<Io<'_>> {
            None
        }

        fn handle(&mut self, now: Instant, input: Input) {
            self.inputs.push((now, input));
        }
    }

    impl Machine for Recorder {
        type Notice = &'static str;

        fn notice(&mut self, now: Instant, notice: &'static str) {
            self.notices.push((now, notice));
        }
    }

    #[test]
    fn the_content_of_an_envelope_reaches_the_machine() {
        let [first, second] = [1, 2].map(|second| Instant::from_epoch(Duration::from_secs(second)));
        let mut machine = Recorder::default();
        Envelope::Notice(Box::new("drawn")).deliver_to(&mut machine, first);
        Envelope::Shutdown.deliver_to(&mut machine, second);
        assert_eq!(machine.notices, [(first, "drawn")]);
        assert_eq!(machine.inputs, [(second, Input::Shutdown)]);
    }

    #[test]
    fn clones_of_a_mailbox_share_its_channel() {
        let (sender, receiver) = mpsc::channel();
        let mailbox = Mailbox::from_sender(move |envelope| sender.send(envelope).unwrap());
        mailbox.clone().deliver("first");
        mailbox.deliver("second");
        drop(mailbox);
        let found: Vec<_> = receiver.into_iter().map(|envelope| format!("{envelope:?}")).collect();
        assert_eq!(found, [r#"Notice("first")"#, r#"Notice("second")"#]);
    }
}
