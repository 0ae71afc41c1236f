//! Accepting connections, each with its mailbox and its thread.

use std::io::{self, ErrorKind};
use std::os::fd::AsFd;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

#[cfg(doc)]
use lottery_runtime::Serve;
use lottery_runtime::{
    ACCEPT_PAUSE, Clock, Envelope, Listener, Machine, Mailbox, Peer, Sender, Service, Socket,
};
use rustix::event::PollFlags;

use crate::acceptor::Acceptor;
use crate::{Receiver, drive};

/// Stack size of a connection's thread, in bytes. Small, as the machines keep their data on the heap.
pub(crate) const STACK_SIZE: usize = 128 * 1024;

/// Serves until `stop` has mail, and then until every connection is over. It blocks its thread.
///
/// It is as [`Serve::serve`] says, but handles no signals, and does not call [`Service::started`]. Each connection
/// has a thread, and a stack of 128 KiB.
///
/// # Errors
/// Fails if the listener cannot be used.
pub fn serve<S: Service>(
    listener: impl Into<Listener>,
    service: &Arc<S>,
    stop: &Receiver<()>,
) -> io::Result<()> {
    let clock = Clock::start();
    let mut connections: Vec<(JoinHandle<()>, Sender<_>)> = Vec::new();
    let mut crowded = 64;
    let mut acceptor = Acceptor::new(listener.into())?;
    while stop.try_recv().is_none() {
        let (socket, peer, sender, mail) = match acceptor.accept() {
            Ok(accepted) => accepted,
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                stop.wait(Some((acceptor.listener.as_fd(), PollFlags::IN)), None);
                continue;
            }
            Err(error) => {
                service.failed(&error);
                stop.wait(None, Some(ACCEPT_PAUSE));
                continue;
            }
        };
        if connections.len() >= crowded {
            connections.retain(|(thread, _)| !thread.is_finished());
            crowded = connections.len() * 2 + 64;
        }
        let notices = sender.clone();
        let mailbox = Mailbox::from_sender(move |envelope| notices.send(envelope));
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
    socket: Socket,
    clock: Clock,
    mut machine: M,
    mail: Receiver<M::Notice>,
    peer: Peer,
) -> io::Result<JoinHandle<()>> {
    let builder = thread::Builder::new().name(peer.to_string()).stack_size(STACK_SIZE);
    builder.spawn(move || drive(&socket, clock, &mut machine, &mail))
}
