//! Forger on a connection, which rewrites packets of the server on their way.

use crate::tap::{Packets, payload};

const WINNER: u8 = 6;
const WELCOME: u8 = 8;

/// Rewriting of one kind of packet.
#[derive(Clone, Debug)]
pub(crate) enum Forgery {
    /// Welcome that says `shift` more bets are stored, and gives the digest of so many in the agency's own file.
    Welcome {
        /// Number of bets added to those that are stored; negative: taken off.
        shift: isize,
        /// Digest of the first `n` bets of the agency's file, at index `n`.
        digests: Vec<u32>,
    },
    /// Winners of another agency.
    Winners(Vec<String>),
}

impl Forgery {
    /// Returns true if the server itself is to say it, and false if it is what the agency makes of what the server says.
    pub(crate) fn is_the_servers(&self) -> bool {
        matches!(self, Self::Winners(_))
    }

    /// Returns another payload in place of that of a packet, or `None` if it stays as it is.
    fn forge(&self, kind: u8, payload: &str) -> Option<String> {
        match (self, kind) {
            (Self::Welcome { shift, digests }, WELCOME) => {
                let ["3", stored, "0", window, bytes, _] = *payload.split('|').collect::<Vec<_>>() else {
                    return None;
                };
                let stored: usize = stored.parse().ok()?;
                let last = digests.len() - 1;
                if stored == 0 || (stored >= last && *shift >= 0) {
                    return None;
                }
                let stored = stored.checked_add_signed(*shift)?;
                Some(format!("3|{stored}|0|{window}|{bytes}|{:08x}", digests.get(stored)?))
            }
            (Self::Winners(documents), WINNER) if payload.starts_with(['1', '2']) => {
                Some(format!("1{}", documents.join("|")))
            }
            _ => None,
        }
    }
}

/// Forger of the packets of one server's side.
#[derive(Debug)]
pub(crate) struct Forger {
    forgery: Forgery,
    packets: Packets,
}

impl Forger {
    /// Creates a forger of the packets in blocks, or of those of a session.
    pub(crate) fn new(forgery: Forgery, session: bool) -> Self {
        Self { forgery, packets: Packets::new(session) }
    }

    /// Returns true if the server itself is to say what is forged.
    pub(crate) fn is_the_servers(&self) -> bool {
        self.forgery.is_the_servers()
    }

    /// Takes bytes that the server sends, and returns the packets that they complete, some of them forged.
    pub(crate) fn pass(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut passed = Vec::new();
        let Self { forgery, packets } = self;
        packets.feed(bytes, |packet| {
            let payload = payload(packet);
            if let Some(forged) = forgery.forge(packet[0], &String::from_utf8_lossy(payload)) {
                let size = u16::try_from(4 + forged.len()).expect("a packet holds it");
                let padding = packet.len() - 4 - payload.len();
                let end = passed.len() + if padding > 0 { packet.len() } else { usize::from(size) };
                passed.extend_from_slice(&packet[..2]);
                passed.extend_from_slice(&size.to_le_bytes());
                passed.extend_from_slice(forged.as_bytes());
                passed.resize(end, 0);
            } else {
                passed.extend_from_slice(packet);
            }
        });
        passed
    }
}
