//! Buffered connection of rustls: the only place that turns bytes into records and back.

use std::fmt;
use std::io::{self, BufRead, ErrorKind, Read, Write};
use std::sync::Arc;

use lottery_proto::{AgencyId, SocketError};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, Connection, Error, ServerConfig, ServerConnection};

use crate::failure::{LONG, failure};
use crate::identity::agency_of;

/// State of TLS on one connection, with the records that are on their way through it.
pub(crate) struct Session {
    /// Boxed: it is large, and a plain connection has none.
    connection: Box<Connection>,
    failure: Option<SocketError>,
    peer_closed: bool,
    /// True until data of the peer was decrypted.
    is_early: bool,
}

impl Session {
    /// Begins as a server.
    pub(crate) fn server(config: &Arc<ServerConfig>) -> Result<Self, Error> {
        Ok(Self::new(ServerConnection::new(Arc::clone(config))?.into()))
    }

    /// Begins as the client of a server of that name.
    pub(crate) fn client(config: &Arc<ClientConfig>, name: &ServerName<'static>) -> Result<Self, Error> {
        Ok(Self::new(ClientConnection::new(Arc::clone(config), name.clone())?.into()))
    }

    fn new(connection: Connection) -> Self {
        Self { connection: Box::new(connection), failure: None, peer_closed: false, is_early: true }
    }

    /// Takes some of the received bytes from the front, and returns their number. All that is decrypted must have been
    /// taken before, and there must be no [`Session::failure`].
    pub(crate) fn receive(&mut self, received: &[u8]) -> usize {
        if self.peer_closed {
            return received.len();
        }
        let mut rest = received;
        // An error of this call is that of a full buffer, and 0 would be the end of everything.
        if !matches!(self.connection.read_tls(&mut rest), Ok(1..)) {
            self.failure = Some(LONG);
            return received.len();
        }
        let is_handshake = self.is_handshaking();
        match self.connection.process_new_packets() {
            Ok(state) => self.peer_closed = state.peer_has_closed(),
            Err(error) => self.failure = Some(failure(&error, self.is_early, is_handshake)),
        }
        self.is_early &= !self.has_decrypted();
        received.len() - rest.len()
    }

    /// Returns the failure that has ended the session. What was decrypted before can still be taken, and an alert may
    /// be to be sent.
    pub(crate) const fn failure(&self) -> Option<SocketError> {
        self.failure
    }

    /// True if there are decrypted bytes that are not taken.
    pub(crate) fn has_decrypted(&mut self) -> bool {
        self.connection.reader().fill_buf().is_ok_and(|bytes| !bytes.is_empty())
    }

    /// Takes decrypted bytes, as many as fit, and returns their number.
    pub(crate) fn read(&mut self, into: &mut [u8]) -> usize {
        self.connection.reader().read(into).unwrap_or(0)
    }

    /// Encrypts bytes from the front, and returns their number.
    pub(crate) fn write(&mut self, plain: &[u8]) -> usize {
        self.connection.writer().write(plain).unwrap_or(0)
    }

    /// Appends all that is to be sent to `out`.
    pub(crate) fn take_output(&mut self, out: &mut Vec<u8>) {
        while self.connection.wants_write() && self.connection.write_tls(out).is_ok_and(|written| written > 0)
        {
        }
    }

    /// Says that this side has ended.
    pub(crate) fn close(&mut self) {
        self.connection.send_close_notify();
    }

    /// True until both sides have the keys for data, as far as this side knows.
    pub(crate) fn is_handshaking(&self) -> bool {
        self.connection.is_handshaking()
    }

    /// True once the peer has said that its side has ended.
    pub(crate) const fn peer_closed(&self) -> bool {
        self.peer_closed
    }

    /// Returns the agency that the certificate of the peer names.
    pub(crate) fn agency(&self) -> Option<AgencyId> {
        self.connection
            .peer_certificates()
            .and_then(|chain| chain.first())
            .and_then(|own| agency_of(own).ok())
    }

    /// Gives back memory that rustls keeps of a long record until the next one comes.
    pub(crate) fn shrink(&mut self) {
        if self.failure.is_none() && !self.peer_closed {
            // An error, unlike no bytes, is not taken for the end.
            let _ = self.connection.read_tls(&mut Nothing);
        }
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { failure, peer_closed, is_early, .. } = self;
        write!(f, "Session({failure:?}, peer closed: {peer_closed}, early: {is_early})")
    }
}

/// Source of bytes that has none now.
struct Nothing;

impl Read for Nothing {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(ErrorKind::WouldBlock.into())
    }
}
