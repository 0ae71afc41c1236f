//! Dialects as this suite writes and reads them by itself.

mod block;
mod braces;
mod fixed;
mod framed;
mod one_message;

use std::fmt;

use lottery_proto::Dialect;

pub use block::{BLOCK, block, packet, without_padding};
pub use fixed::bets_of as fixed_bets_of;
pub use one_message::OneMessage;

/// Codec of a dialect, as far as a peer without a machine needs it.
pub trait Codec: fmt::Debug + Sync {
    /// Returns a batch of these bets, which are lines of an agency file.
    fn batch(&self, agency: u32, lines: &[[&str; 5]]) -> Vec<u8>;

    /// Returns the acknowledgement of a batch; empty if the dialect has none.
    fn batch_stored(&self) -> Vec<u8> {
        Vec::new()
    }

    /// Returns Finished: the agency has sent its last bet.
    fn finished(&self, agency: u32) -> Vec<u8>;

    /// Returns the acknowledgement of Finished when all is stored; empty if the dialect has none.
    fn receipt(&self, agency: u32) -> Vec<u8>;

    /// Returns the rejection of Finished when not all is stored.
    fn rejection(&self, _agency: u32, text: &str) -> Vec<u8> {
        self.failure(text)
    }

    /// Returns the winners query. In a dialect where Finished asks for the winners, it is the same message.
    fn query(&self, agency: u32) -> Vec<u8>;

    /// Returns Pending: the draw has not taken place.
    fn pending(&self, agency: u32) -> Vec<u8>;

    /// Returns the winners.
    fn winners(&self, agency: u32, documents: &[String]) -> Vec<u8>;

    /// Returns a failure with that text; empty if the dialect has none.
    fn failure(&self, text: &str) -> Vec<u8>;

    /// Returns the text of a failure; `None` if this is none, or more than one.
    fn text_of(&self, failure: &[u8]) -> Option<String>;

    /// Returns bytes that no client sends, enough of them to be rejected, and detected as this dialect.
    fn garbage(&self) -> Vec<u8>;

    /// Returns the length of the server's message that begins so; `None` if more bytes are needed to tell.
    fn answer_len(&self, bytes: &[u8]) -> Option<usize>;

    /// Returns the agency that sends this message, if it names one.
    fn agency_of(&self, message: &[u8]) -> Option<u32>;

    /// Returns true if this is [`Codec::pending`].
    fn is_pending(&self, answer: &[u8]) -> bool;

    /// Returns true if the server closes after its last reply.
    fn server_closes(&self) -> bool {
        false
    }

    /// Returns true if every connection has one reply, and ends with it.
    fn has_one_answer(&self) -> bool {
        false
    }

    /// Returns true if each message waits for the reply to the one before.
    fn takes_turns(&self) -> bool {
        false
    }

    /// Returns a request that is answered at once, and changes nothing.
    fn probe(&self, agency: u32) -> Vec<u8> {
        self.query(agency)
    }

    /// Returns the reply to [`Codec::probe`].
    fn probed(&self, agency: u32) -> Vec<u8> {
        self.pending(agency)
    }

    /// Returns a request after which the winners are owed.
    fn await_winners(&self, agency: u32) -> Vec<u8> {
        [self.finished(agency), self.query(agency)].concat()
    }

    /// Returns the reply to [`Codec::await_winners`] that comes before the winners.
    fn awaiting(&self, agency: u32) -> Vec<u8> {
        self.receipt(agency)
    }

    /// Returns a short request whose reply is long, and after which the connection goes on.
    fn costly(&self, agency: u32) -> Vec<u8> {
        self.probe(agency)
    }
}

/// Returns the codec of that dialect.
pub fn codec(dialect: Dialect) -> &'static dyn Codec {
    match dialect.name() {
        "block" => &block::Block,
        "fixed" => &fixed::Fixed,
        "framed" => &framed::Framed,
        "braces" => &braces::Braces,
        unknown => panic!("{unknown} carries no bets"),
    }
}
