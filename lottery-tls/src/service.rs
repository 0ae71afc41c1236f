//! TLS around the machines of a server's connections.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use lottery_proto::Instant;
use lottery_runtime::{Machine, Mailbox, Peer, Secured, Service};

use crate::{Tls, TlsServerConfig};

/// Peers that are served without TLS.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PlainPeers {
    /// None: they are refused, in their own dialect.
    #[default]
    Refuse,
    /// Those of this machine.
    Loopback,
    /// All: then nobody has to prove which agency it is.
    Allow,
}

impl PlainPeers {
    /// True if that peer is served without TLS.
    pub fn serves(self, peer: Peer) -> bool {
        match self {
            Self::Refuse => false,
            Self::Loopback => peer.ip().is_none_or(|ip| ip.is_loopback()),
            Self::Allow => true,
        }
    }
}

/// Certificates of a server that can be changed while it serves: connections go on with those that they were begun with.
/// Clones are the same.
#[derive(Clone, Debug)]
pub struct Certificates(Arc<Mutex<TlsServerConfig>>);

impl Certificates {
    /// Returns these certificates.
    pub fn new(config: TlsServerConfig) -> Self {
        Self(Arc::new(Mutex::new(config)))
    }

    /// Takes others for the connections to come.
    pub fn replace(&self, config: TlsServerConfig) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = config;
    }

    /// Returns the present ones.
    pub fn get(&self) -> TlsServerConfig {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Service of a server with TLS, around one without.
#[derive(Debug)]
pub struct TlsService<S> {
    service: S,
    certificates: Certificates,
    plain: PlainPeers,
}

impl<S> TlsService<S> {
    /// Puts TLS around the machines of a service.
    pub const fn new(service: S, certificates: Certificates, plain: PlainPeers) -> Self {
        Self { service, certificates, plain }
    }
}

impl<S: Service<Machine: Secured>> Service for TlsService<S> {
    type Machine = Tls<S::Machine>;

    fn accept(
        &self,
        now: Instant,
        peer: Peer,
        mailbox: Mailbox<<S::Machine as Machine>::Notice>,
    ) -> Option<Self::Machine> {
        let machine = self.service.accept(now, peer, mailbox)?;
        Some(Tls::new(machine, self.certificates.get(), self.plain.serves(peer)))
    }

    fn failed(&self, error: &io::Error) {
        self.service.failed(error);
    }

    fn started(&self, stop: Box<dyn Fn() + Send + Sync>) {
        self.service.started(stop);
    }
}
