//! Accepting connections, each with its mailbox.

use std::io;

use lottery_runtime::{Listener, Peer, Sender, Socket};

use crate::{Receiver, channel};

/// Listener, and the mailbox of the connection that it accepts next.
///
/// The mailbox is made first: without a free descriptor for it, the connection waits to be accepted, and is
/// not lost.
pub(crate) struct Acceptor<N> {
    pub(crate) listener: Listener,
    next: Option<(Sender<N>, Receiver<N>)>,
}

impl<N> Acceptor<N> {
    pub(crate) fn new(listener: Listener) -> io::Result<Self> {
        listener.set_nonblocking(true)?;
        Ok(Self { listener, next: None })
    }

    /// # Errors
    /// Fails if there is no connection yet, or no descriptor for it or its mailbox.
    pub(crate) fn accept(&mut self) -> io::Result<(Socket, Peer, Sender<N>, Receiver<N>)> {
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

#[cfg(test)]
mod tests {
    use std::io::ErrorKind;
    use std::net::{TcpListener, TcpStream};

    use lottery_runtime::Envelope;

    use super::*;

    #[test]
    fn an_accepted_connection_has_its_own_mailbox() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let mut acceptor = Acceptor::new(listener.into()).unwrap();
        assert_eq!(acceptor.accept().unwrap_err().kind(), ErrorKind::WouldBlock);
        let peers = [TcpStream::connect(address).unwrap(), TcpStream::connect(address).unwrap()];
        let [first, second] = [(); 2].map(|()| acceptor.accept().unwrap());
        assert_eq!([first.1, second.1], peers.map(|peer| Peer::Ip(peer.local_addr().unwrap())));
        first.2.send(Envelope::Notice(Box::new(1)));
        assert!(first.3.try_recv().is_some() && second.3.try_recv().is_none());
    }
}
