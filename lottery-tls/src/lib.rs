#![doc = include_str!("../README.md")]

mod channel;
mod config;
mod dialer;
mod failure;
mod identity;
mod machine;
mod pem;
mod provider;
mod service;
mod session;
mod validity;
mod verifier;

pub use channel::MAX_MEMORY;
pub use config::{ALPN, ClientFiles, ServerFiles, TlsClientConfig, TlsConfigError, TlsServerConfig};
pub use dialer::TlsDialer;
pub use identity::IdentityError;
pub use machine::Tls;
pub use pem::PemFile;
pub use service::{Certificates, PlainPeers, TlsService};
pub use validity::Validity;
