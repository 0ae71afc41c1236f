//! Ways to stop a runtime of which only [`Serve`] and [`RunClient`] are known. Signals are not among them: one would reach all that
//! runs in the process.

use std::io::{self, ErrorKind};
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use lottery_proto::{Endpoint, Input, Instant, Io};
use lottery_runtime::{Dialer, Machine, Mailbox, Peer, RunClient, Serve, Service, Step, Target};

use crate::stop::Stop;

/// Time between two looks of a client at its [`Stop`].
const LOOK: Duration = Duration::from_millis(100);

/// Serves until `stop`, and then until every connection is over.
pub(crate) fn serve<S: Service>(runtime: &impl Serve, listener: TcpListener, service: Arc<S>, stop: &Stop) {
    let service = Stoppable { service, stop: stop.clone() };
    runtime.serve(listener, Arc::new(service)).expect("the runtime starts");
}

/// Runs a client until it is done or `stop`.
pub(crate) fn run_client<C: Dialer + Send>(runtime: &impl RunClient, dialer: &mut C, stop: &Stop)
where
    C::Notice: Send,
{
    let run = if stop.is_never() {
        runtime.run_client(dialer)
    } else {
        let next = Instant::from_epoch(Duration::ZERO);
        runtime.run_client(&mut Looking { dialer, stop, stopped: false, next, connecting: None })
    };
    run.expect("the runtime starts");
}

/// Service that ends its program at a [`Stop`].
struct Stoppable<S> {
    service: Arc<S>,
    stop: Stop,
}

impl<S: Service> Service for Stoppable<S> {
    type Machine = S::Machine;

    fn accept(
        &self,
        now: Instant,
        peer: Peer,
        mailbox: Mailbox<<S::Machine as Machine>::Notice>,
    ) -> Option<S::Machine> {
        self.service.accept(now, peer, mailbox)
    }

    fn failed(&self, error: &io::Error) {
        self.service.failed(error);
    }

    fn started(&self, stop: Box<dyn Fn() + Send + Sync>) {
        let stop: Arc<dyn Fn() + Send + Sync> = stop.into();
        let own = Arc::clone(&stop);
        self.stop.on_stop(move || own());
        self.service.started(Box::new(move || stop()));
    }
}

/// Client that looks again and again whether it is to stop: nothing else reaches it from outside its runtime.
struct Looking<'a, C> {
    dialer: &'a mut C,
    stop: &'a Stop,
    stopped: bool,
    /// Time of the next look.
    next: Instant,
    /// Server that it is connecting to, a look's time after the other, and the end of that.
    connecting: Option<(Target, Instant)>,
}

impl<C: Dialer> Looking<'_, C> {
    fn look(&mut self, now: Instant) {
        self.next = now.after(LOOK);
        if !self.stopped && self.stop.is_stopped() {
            self.stopped = true;
            self.connecting = None;
            self.dialer.handle(now, Input::Shutdown);
        }
    }
}

impl<C: Dialer> Endpoint for Looking<'_, C> {
    fn poll_io(&mut self) -> Option<Io<'_>> {
        let mut io = self.dialer.poll_io()?;
        let waits = self.stopped || io.deadline.is_some_and(|deadline| deadline <= self.next);
        if !waits {
            (io.deadline, io.unacked) = (Some(self.next), false);
        }
        Some(io)
    }

    fn handle(&mut self, now: Instant, input: Input) {
        let deadline = self.dialer.poll_io().and_then(|io| io.deadline);
        if input != Input::Timeout || deadline.is_some_and(|deadline| deadline <= now) {
            self.dialer.handle(now, input);
        }
        self.look(now);
    }
}

impl<C: Dialer> Machine for Looking<'_, C> {
    type Notice = C::Notice;

    fn notice(&mut self, now: Instant, notice: C::Notice) {
        self.dialer.notice(now, notice);
    }
}

impl<C: Dialer> Dialer for Looking<'_, C> {
    fn next_step(&mut self, now: Instant) -> Step {
        self.look(now);
        let (target, end) = match self.connecting.take() {
            Some(connecting) => connecting,
            None => match self.dialer.next_step(now) {
                Step::Connect(target) if !self.stopped => {
                    let end = target.until.min(now.after(target.timeout));
                    (target, end)
                }
                Step::Wait(until) if !self.stopped => return Step::Wait(until.min(self.next)),
                step => return step,
            },
        };
        let (timeout, until) = (target.timeout.min(LOOK), end.min(self.next));
        let piece = Target { server: target.server.clone(), timeout, until };
        self.connecting = Some((target, end));
        Step::Connect(piece)
    }

    fn connected(&mut self, now: Instant) {
        self.connecting = None;
        self.dialer.connected(now);
        self.look(now);
    }

    fn not_connected(&mut self, now: Instant, error: &io::Error) {
        let goes_on = error.kind() == ErrorKind::TimedOut;
        self.connecting = self.connecting.take().filter(|(_, end)| goes_on && now < *end);
        if self.connecting.is_none() {
            self.dialer.not_connected(now, error);
        }
        self.look(now);
    }
}
