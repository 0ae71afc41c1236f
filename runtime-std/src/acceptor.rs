//! Accepting connections, each with its mailbox.

use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};

use crate::{Receiver, Sender, channel};

/// Listener, and the mailbox of the connection that it accepts next.
///
/// The mailbox is made first: without a free descriptor for it, the connection waits to be accepted, and is
/// not lost.
pub(crate) struct Acceptor<N> {
    pub(crate) listener: TcpListener,
    next: Option<(Sender<N>, Receiver<N>)>,
}

impl<N> Acceptor<N> {
    pub(crate) fn new(listener: TcpListener) -> io::Result<Self> {
        listener.set_nonblocking(true)?;
        Ok(Self { listener, next: None })
    }

    /// # Errors
    /// Fails if there is no connection yet, or no descriptor for it or its mailbox.
    pub(crate) fn accept(&mut self) -> io::Result<(TcpStream, SocketAddr, Sender<N>, Receiver<N>)> {
        let next = self.next.take().map_or_else(channel, Ok)?;
        match self.listener.accept() {
            Ok((socket, peer)) => Ok((socket, peer, next.0, next.1)),
            Err(error) => {
                self.next = Some(next);
                Err(error)
            }
        }
    }
}
