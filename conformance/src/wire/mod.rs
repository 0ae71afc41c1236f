//! The wires as this suite writes and reads them by itself.

mod block;
mod braces;
mod fixed;
mod framed;

use std::fmt;

use lottery_proto::Dialect;

pub use block::{BLOCK, block};
pub use fixed::bets_of as fixed_bets_of;

/// A wire, as far as a peer without machine needs it.
pub trait Wire: fmt::Debug + Sync {
    /// A batch of these bets: lines of an agency's file.
    fn batch(&self, agency: u32, lines: &[[&str; 5]]) -> Vec<u8>;

    /// The batch is stored; empty if this wire does not say so.
    fn batch_stored(&self) -> Vec<u8> {
        Vec::new()
    }

    /// The agency has sent its last bet.
    fn finished(&self, agency: u32) -> Vec<u8>;

    /// All is stored: the answer to Finished; empty if this wire has none.
    fn receipt(&self, agency: u32) -> Vec<u8>;

    /// Not all is stored: the answer to Finished.
    fn refusal(&self, _agency: u32, text: &str) -> Vec<u8> {
        self.failure(text)
    }

    /// Who won? On a wire where Finished asks that, the same.
    fn query(&self, agency: u32) -> Vec<u8>;

    /// The draw has not taken place.
    fn pending(&self, agency: u32) -> Vec<u8>;

    /// The winners.
    fn winners(&self, agency: u32, documents: &[String]) -> Vec<u8>;

    /// What is wrong; empty if this wire has no words for it.
    fn failure(&self, text: &str) -> Vec<u8>;

    /// The text of a failure; `None` if this is none, or if more than one.
    fn text_of(&self, failure: &[u8]) -> Option<String>;

    /// What no agency sends, enough of it to be found out; it is found to be of this wire.
    fn garbage(&self) -> Vec<u8>;

    /// How long the centre's message is that begins so; `None`: more bytes are needed to tell.
    fn answer_len(&self, bytes: &[u8]) -> Option<usize>;

    /// The agency that sends this message, if it says so.
    fn agency_of(&self, message: &[u8]) -> Option<u32>;

    /// Whether this is [`Wire::pending`].
    fn is_pending(&self, answer: &[u8]) -> bool;

    /// The centre closes after its last answer.
    fn centre_closes(&self) -> bool {
        false
    }

    /// Every connection has one answer, and ends with it.
    fn has_one_answer(&self) -> bool {
        false
    }

    /// Each message waits for the answer to the one before.
    fn takes_turns(&self) -> bool {
        false
    }

    /// Something that is answered at once, and changes nothing.
    fn probe(&self, agency: u32) -> Vec<u8> {
        self.query(agency)
    }

    /// The answer to [`Wire::probe`].
    fn probed(&self, agency: u32) -> Vec<u8> {
        self.pending(agency)
    }

    /// After this the winners are owed.
    fn await_winners(&self, agency: u32) -> Vec<u8> {
        [self.finished(agency), self.query(agency)].concat()
    }

    /// What is answered to [`Wire::await_winners`] before the winners.
    fn awaiting(&self, agency: u32) -> Vec<u8> {
        self.receipt(agency)
    }

    /// Something short whose answer is long, and after which the connection goes on.
    fn costly(&self, agency: u32) -> Vec<u8> {
        self.probe(agency)
    }
}

/// That wire.
pub fn wire(dialect: Dialect) -> &'static dyn Wire {
    match dialect {
        Dialect::Block => &block::Block,
        Dialect::Fixed => &fixed::Fixed,
        Dialect::Framed => &framed::Framed,
        Dialect::Braces => &braces::Braces,
        unknown => panic!("{unknown} carries no bets"),
    }
}
