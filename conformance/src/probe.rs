//! Machine that wants what a test says, and records the inputs of its driver.

use std::convert::Infallible;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::{fmt, io};

use lottery_proto::{Endpoint, Input, Instant, Io};
use lottery_runtime::{Dialer, Machine, Mailbox, Peer, Service, Step, Target};

use crate::client::RunningClient;
use crate::raw::Raw;
use crate::runtimes::StoppableRuntime;
use crate::serving::Serving;
use crate::time_limits::{SOON, until};

/// State of the machine, as [`Io`] reports it.
#[derive(Clone, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a wish of its own")]
pub struct Wants {
    /// Number of bytes that it would read; 0 if it does not read.
    pub recv: usize,
    /// Bytes to be written, without those that were.
    pub send: Vec<u8>,
    /// True if the write side is to be closed.
    pub fin: bool,
    /// Time of the next timeout.
    pub deadline: Option<Instant>,
    /// True if the driver has to report unacknowledged bytes before the deadline.
    pub unacked: bool,
    /// True if the machine is done.
    pub over: bool,
    /// True if the peer is to see a reset then.
    pub resets: bool,
}

/// Record of the driver's calls.
#[derive(Debug, Default)]
struct Done {
    told: Vec<Input>,
    polls: usize,
}

/// Change of the machine's state at an input.
type OnInput = dyn FnMut(&mut Wants, Instant, Input) + Send;

/// Machine under a test's control.
pub struct Probe {
    wants: Wants,
    buffer: Vec<u8>,
    on_input: Box<OnInput>,
    done: Arc<Mutex<Done>>,
}

impl fmt::Debug for Probe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Probe({:?}, {:?})", self.wants, self.done)
    }
}

impl Probe {
    /// Returns a machine that first wants `wants`, and after each input what `on_input` makes of that.
    pub fn new(wants: Wants, on_input: impl FnMut(&mut Wants, Instant, Input) + Send + 'static) -> Self {
        Self { wants, buffer: Vec::new(), on_input: Box::new(on_input), done: Arc::default() }
    }
}

impl Endpoint for Probe {
    fn poll_io(&mut self) -> Option<Io<'_>> {
        self.done.lock().unwrap_or_else(PoisonError::into_inner).polls += 1;
        let Wants { recv, send, fin, deadline, unacked, over, .. } = &self.wants;
        self.buffer.resize(*recv, 0);
        let recv = &mut self.buffer[..];
        let mut io = Io::new(recv, send);
        (io.fin, io.deadline, io.unacked) = (*fin, *deadline, *unacked);
        (!over).then_some(io)
    }

    fn resets(&self) -> bool {
        self.wants.resets
    }

    fn handle(&mut self, now: Instant, input: Input) {
        self.done.lock().unwrap_or_else(PoisonError::into_inner).told.push(input);
        match input {
            Input::Sent(sent) => drop(self.wants.send.drain(..sent)),
            Input::FinSent => self.wants.fin = false,
            Input::Eof => self.wants.recv = 0,
            Input::Failed(_) | Input::Shutdown => self.wants.over = true,
            _ => {}
        }
        (self.on_input)(&mut self.wants, now, input);
    }
}

impl Machine for Probe {
    type Notice = Infallible;

    fn notice(&mut self, _: Instant, notice: Infallible) {
        match notice {}
    }
}

/// Probe that a driver runs, and the other end of its connection.
#[derive(Debug)]
pub struct Probed {
    /// Other end. All that it does before [`Watch::begin`] has happened when the driver first looks.
    pub peer: Raw,
    /// Record of the driver.
    pub watch: Watch,
}

/// Driver and its probe.
#[derive(Debug)]
pub struct Watch {
    gate: Sender<()>,
    done: Arc<Mutex<Done>>,
    #[expect(dead_code, reason = "it counts by living")]
    serving: Option<Serving>,
}

impl Probed {
    /// Connects the probe as the machine of a server's connection.
    pub fn of_server<R: StoppableRuntime>(probe: Probe) -> Self {
        let (gate, opened) = channel();
        let done = Arc::clone(&probe.done);
        let service = Arc::new(OneConnection(Mutex::new(Some((probe, opened)))));
        let serving = Serving::start::<R>(service);
        let peer = Raw::connect(serving.address);
        Self { peer, watch: Watch { gate, done, serving: Some(serving) } }
    }

    /// Connects the probe as the machine of a client.
    pub fn of_client<R: StoppableRuntime>(probe: Probe) -> Self {
        let (gate, opened) = channel();
        let done = Arc::clone(&probe.done);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let server = listener.local_addr().expect("a listener has an address").to_string();
        // The client ends with its connection.
        drop(RunningClient::start::<R>(OneCall { probe, server: Some(server), opened }));
        let peer = Raw::over(listener.accept().expect("it connects").0);
        Self { peer, watch: Watch { gate, done, serving: None } }
    }
}

impl Watch {
    /// Lets the driver begin.
    pub fn begin(&self) {
        self.gate.send(()).expect("the probe waits for it");
    }

    /// Returns the inputs so far.
    pub fn told(&self) -> Vec<Input> {
        self.done.lock().unwrap_or_else(PoisonError::into_inner).told.clone()
    }

    /// Waits until that input is recorded.
    pub fn until(&self, input: Input) {
        until(&format!("{input:?} is told"), || self.told().contains(&input));
    }

    /// Returns the number of calls of `poll_io`.
    pub fn polls(&self) -> usize {
        self.done.lock().unwrap_or_else(PoisonError::into_inner).polls
    }
}

/// Server of one connection, which has its machine when the gate opens.
struct OneConnection(Mutex<Option<(Probe, Receiver<()>)>>);

impl Service for OneConnection {
    type Machine = Probe;

    fn accept(&self, _: Instant, _: Peer, _: Mailbox<Infallible>) -> Option<Probe> {
        let (probe, opened) = self.0.lock().unwrap_or_else(PoisonError::into_inner).take()?;
        opened.recv_timeout(SOON).ok().map(|()| probe)
    }

    fn failed(&self, error: &io::Error) {
        panic!("{error}");
    }

    fn started(&self, _: Box<dyn Fn() + Send + Sync>) {}
}

/// Client of one connection, which begins when the gate opens.
#[derive(Debug)]
struct OneCall {
    probe: Probe,
    server: Option<String>,
    opened: Receiver<()>,
}

impl Endpoint for OneCall {
    fn poll_io(&mut self) -> Option<Io<'_>> {
        self.probe.poll_io()
    }

    fn resets(&self) -> bool {
        self.probe.resets()
    }

    fn handle(&mut self, now: Instant, input: Input) {
        self.probe.handle(now, input);
    }
}

impl Machine for OneCall {
    type Notice = Infallible;

    fn notice(&mut self, _: Instant, notice: Infallible) {
        match notice {}
    }
}

impl Dialer for OneCall {
    fn next_step(&mut self, now: Instant) -> Step {
        let target = |server| Target { server, timeout: SOON, until: now.after(SOON) };
        self.server.take().map_or(Step::Done, |server| Step::Connect(target(server)))
    }

    fn connected(&mut self, _: Instant) {
        self.opened.recv_timeout(SOON).expect("the test opens the gate");
    }

    fn not_connected(&mut self, _: Instant, error: &io::Error) {
        panic!("{error}");
    }
}
