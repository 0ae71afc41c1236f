//! TLS around a client.

use std::io;

use lottery_proto::{AgencyId, Endpoint, Input, Instant, Io, SocketError};
use lottery_runtime::{Dialer, Machine, Step};

use crate::TlsClientConfig;
use crate::channel::{Channel, Inside};
use crate::session::Session;

/// Client behind TLS: it is connected once the handshake is done.
///
/// A server judges the certificate of its client after that. So a connection that it ends by an alert before its first data
/// has not been one, and as little as one whose handshake fails for the certificates it is made again: the next step is
/// [`Step::Done`], and [`TlsDialer::denied`] says why.
#[derive(Debug)]
pub struct TlsDialer<D> {
    inside: Dialed<D>,
    config: TlsClientConfig,
    channel: Option<Box<Channel>>,
}

impl<D: Dialer> TlsDialer<D> {
    /// Puts TLS around a client.
    pub const fn new(dialer: D, config: TlsClientConfig) -> Self {
        Self { inside: Dialed { dialer, is_open: false, denied: None }, config, channel: None }
    }

    /// Returns the client inside.
    pub const fn get_ref(&self) -> &D {
        &self.inside.dialer
    }

    /// Returns the client inside.
    pub fn into_inner(self) -> D {
        self.inside.dialer
    }

    /// Returns the reason for which it is not connected again, if there is one: certificates that would fail again.
    pub const fn denied(&self) -> Option<&'static str> {
        self.inside.denied
    }
}

impl<D: Dialer> Endpoint for TlsDialer<D> {
    fn poll_io(&mut self) -> Option<Io<'_>> {
        self.channel.as_mut()?.poll_io(&mut self.inside)
    }

    fn resets(&self) -> bool {
        self.inside.dialer.resets()
    }

    fn handle(&mut self, now: Instant, input: Input) {
        match &mut self.channel {
            // The channel tells nothing to a client that has no connection yet, or not any more.
            Some(channel) if input == Input::Shutdown && !channel.is_open() => {
                channel.abandon();
                self.inside.dialer.handle(now, input);
            }
            Some(channel) => channel.handle(now, input, &mut self.inside),
            None => self.inside.dialer.handle(now, input),
        }
    }
}

impl<D: Dialer> Machine for TlsDialer<D> {
    type Notice = D::Notice;

    fn notice(&mut self, now: Instant, notice: D::Notice) {
        self.inside.dialer.notice(now, notice);
        if let Some(channel) = &mut self.channel {
            channel.pump(now, &mut self.inside);
        }
    }
}

impl<D: Dialer> Dialer for TlsDialer<D> {
    fn next_step(&mut self, now: Instant) -> Step {
        self.channel = None;
        self.inside.is_open = false;
        if self.inside.denied.is_some() { Step::Done } else { self.inside.dialer.next_step(now) }
    }

    fn connected(&mut self, now: Instant) {
        self.inside.is_open = false;
        match Session::client(&self.config.rustls, &self.config.name) {
            Ok(session) => {
                let mut channel = Box::new(Channel::new(session, now));
                channel.pump(now, &mut self.inside);
                self.channel = Some(channel);
            }
            Err(error) => self.inside.dialer.not_connected(now, &io::Error::other(error)),
        }
    }

    fn not_connected(&mut self, now: Instant, error: &io::Error) {
        self.inside.dialer.not_connected(now, error);
    }
}

/// Client inside a channel: it has a connection once the channel is open.
#[derive(Debug)]
struct Dialed<D> {
    dialer: D,
    is_open: bool,
    denied: Option<&'static str>,
}

impl<D: Dialer> Inside for Dialed<D> {
    fn endpoint(&mut self) -> Option<&mut impl Endpoint> {
        self.is_open.then_some(&mut self.dialer)
    }

    fn opened(&mut self, now: Instant, _: Option<AgencyId>) {
        self.is_open = true;
        self.dialer.connected(now);
    }

    fn failed(&mut self, now: Instant, error: SocketError) {
        if let SocketError::NotSecured(reason) = error {
            self.denied = Some(reason);
        }
        if self.is_open {
            self.dialer.handle(now, Input::Failed(error));
        } else if self.denied.is_none() {
            self.dialer.not_connected(now, &io::Error::other(error));
        }
    }

    fn mistrusts_a_cut(&self) -> bool {
        true
    }
}
