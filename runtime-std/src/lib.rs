//! Driver of the lottery's machines on blocking threads: one for each connection.
//!
//! A thread waits with `poll(2)` for its socket and its mailbox at once, so it reads, writes and receives
//! notices in the order in which they come.

mod accept;
mod clock;
mod connect;
mod mail;
mod runtime;
mod wait;

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::os::fd::AsFd;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use lottery_proto::{Input, Machine};
use lottery_runtime::driving::{Overdue, Turn, piece, unless_blocked};
use lottery_runtime::{ACCEPT_PAUSE, Envelope, Mailbox, Service};
use rustix::event::PollFlags;

use accept::Acceptor;
pub use clock::Clock;
pub use mail::{Receiver, Sender, mail};
pub use runtime::{Std, run_client};
use wait::wait;

/// Stack size of a connection's thread, in bytes. Small, as the machines keep their data on the heap.
const STACK_SIZE: usize = 128 * 1024;

/// Drives one end of a connection until it is over.
pub fn drive<M: Machine>(mut socket: &TcpStream, clock: Clock, machine: &mut M, mail: &Receiver<M::Notice>) {
    if socket.set_nonblocking(true).is_err() {
        machine.handle(clock.now(), Input::Failed);
    }
    let (mut turn, mut overdue) = (Turn::default(), Overdue::default());
    loop {
        if let Some(found) = mail.try_take() {
            match found {
                Envelope::Notice(notice) => machine.notice(clock.now(), *notice),
                Envelope::Shutdown => machine.handle(clock.now(), Input::Shutdown),
            }
            continue;
        }
        let Some(io) = machine.poll_io() else { return };
        let mut wanted = PollFlags::empty();
        let mut input = None;
        if io.fin {
            input = Some(socket.shutdown(Shutdown::Write).map_or(Input::Failed, |()| Input::FinSent));
        } else if overdue.is_due(&io, clock.now()) {
            let input = overdue.next(&socket, io);
            machine.handle(clock.now(), input);
            continue;
        }
        if input.is_none() && !io.send.is_empty() {
            wanted |= PollFlags::OUT;
            input = unless_blocked(socket.write(io.send), Input::Sent, Input::Failed);
        }
        if input.is_none() && !io.recv.is_empty() {
            wanted |= PollFlags::IN;
            input = unless_blocked(socket.read(piece(io.recv)), Input::Received, Input::Eof);
        }
        let input = input.or_else(|| {
            let deadline = io.deadline.map(|time| time.duration_since(clock.now()));
            let seen = wait(&[(socket.as_fd(), wanted), (mail.as_fd(), PollFlags::IN)], deadline);
            // If the machine wants to read or write, that call reports the failure.
            let dead = wanted.is_empty() && seen.intersects(PollFlags::ERR | PollFlags::HUP);
            dead.then_some(Input::Failed)
        });
        if let Some(input) = input {
            machine.handle(clock.now(), input);
            // The end of a turn yields to other threads; this thread has no other connection.
            turn.is_over(input);
        }
    }
}

/// Serves until `stop` has mail, and then until every connection is over.
///
/// # Errors
/// Fails if the listener cannot be used.
pub fn serve<S: Service>(listener: TcpListener, service: &Arc<S>, stop: &Receiver<()>) -> io::Result<()> {
    let clock = Clock::start();
    let mut connections: Vec<(JoinHandle<()>, Sender<_>)> = Vec::new();
    let mut crowded = 64;
    let mut acceptor = Acceptor::new(listener)?;
    while stop.try_take().is_none() {
        let (socket, peer, sender, mail) = match acceptor.accept() {
            Ok(accepted) => accepted,
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                wait(&[(acceptor.listener.as_fd(), PollFlags::IN), (stop.as_fd(), PollFlags::IN)], None);
                continue;
            }
            Err(error) => {
                service.failed(&error);
                wait(&[(stop.as_fd(), PollFlags::IN)], Some(ACCEPT_PAUSE));
                continue;
            }
        };
        if connections.len() >= crowded {
            connections.retain(|(thread, _)| !thread.is_finished());
            crowded = connections.len() * 2 + 64;
        }
        let notices = sender.clone();
        let mailbox = Mailbox::new(move |notice| notices.send(Envelope::Notice(Box::new(notice))));
        let Some(machine) = service.accept(clock.now(), peer, mailbox) else { continue };
        match start(socket, clock, machine, mail, peer) {
            Ok(thread) => connections.push((thread, sender)),
            Err(error) => service.failed(&error),
        }
        // Existing connections have their turn before the next one.
        thread::yield_now();
    }
    drop(acceptor);
    for (_, sender) in &connections {
        sender.send(Envelope::Shutdown);
    }
    for (thread, _) in connections {
        let _ = thread.join();
    }
    Ok(())
}

/// Starts the thread of a connection. If the system has none, only this connection fails.
fn start<M: Machine + Send + 'static>(
    socket: TcpStream,
    clock: Clock,
    mut machine: M,
    mail: Receiver<M::Notice>,
    peer: SocketAddr,
) -> io::Result<JoinHandle<()>> {
    let builder = thread::Builder::new().name(peer.to_string()).stack_size(STACK_SIZE);
    builder.spawn(move || drive(&socket, clock, &mut machine, &mail))
}
