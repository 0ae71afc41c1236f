//! A server on mio: one thread that waits for all its sockets at once, and drives the machines of any
//! [`Service`]. Here it is a lottery in memory:
//!
//! `cargo run -p examples --bin mio_server -- 127.0.0.1:12345 5`
//!
//! SIGTERM and SIGINT end it when every connection is over.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::mem::take;
use std::net::{Shutdown, SocketAddr};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Instant as Clock;

use examples::lottery::Lottery;
use examples::since;
use lottery_proto::{Endpoint, Input, Instant};
use lottery_runtime::driving::{Overdue, Turn, dead, fin_input, piece, read_input, write_input};
use lottery_runtime::{ACCEPT_PAUSE, Envelope, Machine, Mailbox, Service, sockets};
use mio::event::Event;
use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token, Waker};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

const LISTENER: Token = Token(0);
const WAKER: Token = Token(1);
/// Token of the first connection.
const FIRST: usize = 2;

type Notice<S> = <<S as Service>::Machine as Machine>::Notice;

/// One connection. mio tells when a socket becomes ready, once, so this remembers it until the socket would block.
struct Connection<M> {
    socket: TcpStream,
    machine: M,
    readable: bool,
    writable: bool,
    /// True if the socket has failed, which is reported also to a machine that neither reads nor writes.
    dead: bool,
    overdue: Overdue,
    turn: Turn,
    /// Entry in the table of deadlines.
    deadline: Option<Instant>,
}

/// End of a connection's turn.
enum Ended {
    /// There is more to do; others go first.
    Yielded,
    /// It waits for its socket, a notice, or a deadline.
    Waits(Option<Instant>),
    Over,
}

impl<M: Machine> Connection<M> {
    fn new(socket: TcpStream, machine: M) -> Self {
        let (overdue, turn) = (Overdue::default(), Turn::default());
        Self { socket, machine, readable: false, writable: false, dead: false, overdue, turn, deadline: None }
    }

    fn ready(&mut self, event: &Event) {
        self.readable |= event.is_readable() || event.is_read_closed();
        self.writable |= event.is_writable() || event.is_write_closed();
        self.dead |= event.is_error();
    }

    /// Does what the machine wants until the socket would block, or the turn is over.
    fn take_turn(&mut self, now: Instant) -> Ended {
        while let Some(io) = self.machine.poll_io() {
            let input = if self.overdue.is_due(&io, now) {
                self.overdue.next(&self.socket, io)
            } else if io.fin {
                fin_input(self.socket.shutdown(Shutdown::Write))
            } else if self.writable && !io.send.is_empty() {
                let written = write_input(self.socket.write(io.send));
                self.writable = written.is_some();
                let Some(input) = written else { continue };
                input
            } else if self.readable && !io.recv.is_empty() {
                let read = read_input(self.socket.read(piece(io.recv)));
                self.readable = read.is_some();
                let Some(input) = read else { continue };
                input
            } else if self.dead {
                dead(&self.socket)
            } else {
                return Ended::Waits(io.deadline);
            };
            self.machine.handle(now, input);
            self.turn.count(input);
            if self.turn.is_over() {
                self.turn.yield_thread();
                return Ended::Yielded;
            }
        }
        if self.machine.resets() {
            sockets::reset_when_dropped(&self.socket);
        }
        Ended::Over
    }
}

/// All connections of a service, and the way to wait for them.
struct Server<S: Service> {
    service: Arc<S>,
    poll: Poll,
    /// `None` once the server is to end.
    listener: Option<TcpListener>,
    /// Time of the next try to accept; `None`: when mio says so.
    accept_at: Option<Instant>,
    start: Clock,
    waker: Arc<Waker>,
    /// Notices to connections; for the listener's token, the word to end.
    post: Sender<(Token, Envelope<Notice<S>>)>,
    mail: Receiver<(Token, Envelope<Notice<S>>)>,
    connections: BTreeMap<Token, Connection<S::Machine>>,
    deadlines: BTreeSet<(Instant, Token)>,
    next: usize,
}

impl<S: Service> Server<S> {
    fn new(address: SocketAddr, service: Arc<S>) -> io::Result<Self> {
        let listener = sockets::listen(address, 128)?;
        println!("listening at {}", listener.local_addr()?);
        listener.set_nonblocking(true)?;
        let mut listener = TcpListener::from_std(listener);
        let poll = Poll::new()?;
        poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
        let waker = Arc::new(Waker::new(poll.registry(), WAKER)?);
        let (post, mail) = channel();
        Ok(Self {
            service,
            poll,
            listener: Some(listener),
            accept_at: None,
            start: Clock::now(),
            waker,
            post,
            mail,
            connections: BTreeMap::new(),
            deadlines: BTreeSet::new(),
            next: FIRST,
        })
    }

    /// Returns a function that wakes the server with a message to the owner of a token.
    fn sender(&self, token: Token) -> impl Fn(Envelope<Notice<S>>) + Send + Sync + use<S> {
        let (post, waker) = (self.post.clone(), Arc::clone(&self.waker));
        move |envelope| {
            // Both fail only when the server is gone.
            let _ = post.send((token, envelope));
            let _ = waker.wake();
        }
    }

    /// Accepts all connections that there are. New ones are added to `due`.
    fn accept(&mut self, now: Instant, due: &mut BTreeSet<Token>) {
        self.accept_at = None;
        while let Some(listener) = &self.listener {
            let (mut socket, peer) = match listener.accept() {
                Ok(accepted) => accepted,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(error) => {
                    self.service.failed(&error);
                    self.accept_at = Some(now.after(ACCEPT_PAUSE));
                    return;
                }
            };
            let token = Token(self.next);
            self.next += 1;
            let send = self.sender(token);
            let mailbox = Mailbox::from_sender(send);
            let Some(machine) = self.service.accept(now, peer.into(), mailbox) else { continue };
            let both = Interest::READABLE | Interest::WRITABLE;
            if let Err(error) = self.poll.registry().register(&mut socket, token, both) {
                self.service.failed(&error);
                continue;
            }
            self.connections.insert(token, Connection::new(socket, machine));
            due.insert(token);
        }
    }

    /// Delivers all messages. Their connections are added to `due`.
    fn deliver(&mut self, now: Instant, due: &mut BTreeSet<Token>) {
        for (token, envelope) in self.mail.try_iter() {
            match envelope {
                Envelope::Notice(notice) => {
                    if let Some(connection) = self.connections.get_mut(&token) {
                        connection.machine.notice(now, *notice);
                        due.insert(token);
                    }
                }
                Envelope::Shutdown => {
                    self.listener = None;
                    for (token, connection) in &mut self.connections {
                        connection.machine.handle(now, Input::Shutdown);
                        due.insert(*token);
                    }
                }
            }
        }
    }

    /// Lets a connection take its turn. Returns true if it is to have another one.
    fn turn(&mut self, now: Instant, token: Token) -> bool {
        let Some(connection) = self.connections.get_mut(&token) else { return false };
        let ended = connection.take_turn(now);
        if let Some(deadline) = connection.deadline.take() {
            self.deadlines.remove(&(deadline, token));
        }
        match ended {
            Ended::Yielded => return true,
            Ended::Waits(deadline) => {
                connection.deadline = deadline;
                self.deadlines.extend(deadline.map(|deadline| (deadline, token)));
            }
            Ended::Over => drop(self.connections.remove(&token)),
        }
        false
    }

    /// Serves until it is told to end and every connection is over.
    fn run(mut self) -> io::Result<()> {
        let stop = self.sender(LISTENER);
        self.service.started(Box::new(move || stop(Envelope::Shutdown)));
        let mut events = Events::with_capacity(1024);
        // Connections that have something to do now.
        let mut due = BTreeSet::new();
        while self.listener.is_some() || !self.connections.is_empty() {
            let now = since(self.start);
            let next =
                self.deadlines.first().map(|(deadline, _)| *deadline).into_iter().chain(self.accept_at);
            let wait = if due.is_empty() { next.min() } else { Some(now) };
            match self.poll.poll(&mut events, wait.map(|until| until.duration_since(now))) {
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                polled => polled?,
            }
            let now = since(self.start);
            for event in &events {
                if event.token() == LISTENER {
                    self.accept_at = Some(now);
                } else if let Some(connection) = self.connections.get_mut(&event.token()) {
                    connection.ready(event);
                    due.insert(event.token());
                }
            }
            self.deliver(now, &mut due);
            if self.accept_at.is_some_and(|at| at <= now) {
                self.accept(now, &mut due);
            }
            due.extend(self.deadlines.iter().take_while(|(at, _)| *at <= now).map(|(_, token)| *token));
            due = take(&mut due).into_iter().filter(|token| self.turn(now, *token)).collect();
        }
        Ok(())
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let address = arguments.next().unwrap_or_else(|| "127.0.0.1:12345".to_owned()).parse()?;
    let agencies = arguments.next().map_or(Ok(5), |text| text.parse())?;
    let server = Server::new(address, Arc::new(Lottery::new(agencies)))?;
    let stop = server.sender(LISTENER);
    let mut signals = Signals::new([SIGTERM, SIGINT])?;
    std::thread::spawn(move || signals.forever().for_each(|_| stop(Envelope::Shutdown)));
    Ok(server.run()?)
}
