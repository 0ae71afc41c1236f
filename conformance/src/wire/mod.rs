//! The wires as this suite writes and reads them by itself.

mod block;

use std::fmt;

use lottery_proto::Dialect;

/// A wire, as far as a peer without machine needs it.
pub trait Wire: fmt::Debug + Sync {
    /// A batch of these bets: lines of an agency's file.
    fn batch(&self, agency: u32, lines: &[[&str; 5]]) -> Vec<u8>;

    /// The agency has sent its last bet.
    fn finished(&self, agency: u32) -> Vec<u8>;

    /// Who won?
    fn query(&self, agency: u32) -> Vec<u8>;

    /// All is stored, or not: the answer to Finished.
    fn receipt(&self, agency: u32, stored: bool) -> Vec<u8>;

    /// The draw has not taken place.
    fn pending(&self, agency: u32) -> Vec<u8>;

    /// The winners.
    fn winners(&self, agency: u32, documents: &[String]) -> Vec<u8>;

    /// What no agency sends, enough of it to be found out; it is found to be of this wire.
    fn garbage(&self) -> Vec<u8>;

    /// How long the centre's message is that begins so; `None`: more bytes are needed to tell.
    fn answer_len(&self, bytes: &[u8]) -> Option<usize>;

    /// The agency that sends this message.
    fn agency_of(&self, message: &[u8]) -> u32;

    /// Whether this is [`Wire::pending`].
    fn is_pending(&self, answer: &[u8]) -> bool;
}

/// That wire.
pub fn wire(dialect: Dialect) -> &'static dyn Wire {
    match dialect {
        Dialect::Block => &block::Block,
        unknown => panic!("this suite does not know the wire {unknown}"),
    }
}
