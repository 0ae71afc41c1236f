//! TLS around a machine of a server.

use lottery_proto::{AgencyId, Endpoint, Input, Instant, Io, SocketError};
use lottery_runtime::{Machine, Secured};

use crate::TlsServerConfig;
use crate::channel::{Channel, Inside};
use crate::session::Session;

/// First byte of a handshake of TLS, which no dialect begins with.
const HANDSHAKE: u8 = 0x16;

/// Machine of a server behind TLS. The first byte decides: a handshake begins with one that no dialect does, and everything
/// else is for the machine inside as it comes.
#[derive(Debug)]
pub struct Tls<M> {
    inside: Served<M>,
    connection: Connection,
    serves_plain: bool,
}

/// Way of the peer's bytes.
#[derive(Debug)]
enum Connection {
    /// No byte has come.
    Unknown(TlsServerConfig),
    /// They are for the machine inside.
    Plain,
    /// They are records. Boxed: it is large, and a plain connection has none.
    Secure(Box<Channel>),
}

impl<M: Secured> Tls<M> {
    /// Puts TLS around a machine without a connection. A peer that does not begin with TLS is served if `serves_plain`;
    /// else the machine is told to refuse it.
    pub const fn new(machine: M, config: TlsServerConfig, serves_plain: bool) -> Self {
        Self { inside: Served(machine), connection: Connection::Unknown(config), serves_plain }
    }

    /// Returns the machine inside.
    pub const fn get_ref(&self) -> &M {
        &self.inside.0
    }

    /// True if the connection is one of TLS.
    pub const fn is_secure(&self) -> bool {
        matches!(self.connection, Connection::Secure(_))
    }

    /// Takes the first bytes, which were read into the buffer of the machine inside.
    fn begin(&mut self, now: Instant, received: usize) {
        let config = match &self.connection {
            Connection::Unknown(config) if received > 0 => config.clone(),
            _ => return self.inside.0.handle(now, Input::Received(received)),
        };
        let Some(io) = self.inside.0.poll_io() else { return };
        let first = io.recv.get(..received.min(io.recv.len())).unwrap_or_default().to_vec();
        if first.first() == Some(&HANDSHAKE)
            && let Ok(session) = Session::server(&config.rustls)
        {
            let mut channel = Box::new(Channel::new(session, now));
            channel.begin(now, &first, &mut self.inside);
            self.connection = Connection::Secure(channel);
            return;
        }
        self.connection = Connection::Plain;
        if !self.serves_plain {
            self.inside.0.refuse_plain(now);
        }
        give(&mut self.inside.0, now, &first);
    }
}

/// Gives bytes to a machine as if it had read them.
fn give(machine: &mut impl Endpoint, now: Instant, mut bytes: &[u8]) {
    while let Some(io) = machine.poll_io() {
        let room = io.recv.len().min(bytes.len());
        let (Some(into), Some((read, rest))) = (io.recv.get_mut(..room), bytes.split_at_checked(room)) else {
            return;
        };
        if room == 0 {
            return;
        }
        into.copy_from_slice(read);
        bytes = rest;
        machine.handle(now, Input::Received(room));
    }
}

impl<M: Secured> Endpoint for Tls<M> {
    fn poll_io(&mut self) -> Option<Io<'_>> {
        match &mut self.connection {
            Connection::Unknown(_) | Connection::Plain => self.inside.0.poll_io(),
            Connection::Secure(channel) => channel.poll_io(&mut self.inside),
        }
    }

    fn resets(&self) -> bool {
        self.inside.0.resets()
    }

    fn handle(&mut self, now: Instant, input: Input) {
        match (&mut self.connection, input) {
            (Connection::Secure(channel), input) => channel.handle(now, input, &mut self.inside),
            (Connection::Unknown(_), Input::Received(received)) => self.begin(now, received),
            (_, input) => self.inside.0.handle(now, input),
        }
    }
}

impl<M: Secured> Machine for Tls<M> {
    type Notice = M::Notice;

    fn notice(&mut self, now: Instant, notice: M::Notice) {
        self.inside.0.notice(now, notice);
        if let Connection::Secure(channel) = &mut self.connection {
            channel.pump(now, &mut self.inside);
        }
    }
}

/// Machine of a server inside a channel: it has its connection from the beginning.
#[derive(Debug)]
struct Served<M>(M);

impl<M: Secured> Inside for Served<M> {
    fn endpoint(&mut self) -> Option<&mut impl Endpoint> {
        Some(&mut self.0)
    }

    fn opened(&mut self, now: Instant, agency: Option<AgencyId>) {
        match agency {
            Some(agency) => self.0.identified(now, agency),
            // The handshake does not end without one.
            None => {
                self.0.handle(now, Input::Failed(SocketError::NotSecured("the certificate names no agency")));
            }
        }
    }

    fn failed(&mut self, now: Instant, error: SocketError) {
        self.0.handle(now, Input::Failed(error));
    }

    fn mistrusts_a_cut(&self) -> bool {
        false
    }
}
