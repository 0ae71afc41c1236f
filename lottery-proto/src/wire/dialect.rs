//! The names of the wires, and what an application may have to know about them.

use core::fmt;

use super::{MAX_LINE, Wire, block, braces, echo, fixed, framed};
use crate::agency::AgencyId;
use crate::bet::{Bet, FieldError, MAX_DOCUMENT};

/// A wire: one of the protocols that carry the same job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Dialect {
    /// Packets in blocks of 8192 bytes (`docs/protocol.md#block`).
    Block,
    /// The same packets from an agency that opened with Hello: nothing lost, nothing twice (`docs/protocol.md#sessions`).
    Session,
    /// Columns of characters (`docs/protocol.md#fixed`).
    Fixed,
    /// Eight digits and a body (`docs/protocol.md#framed`).
    Framed,
    /// Keys and values in braces (`docs/protocol.md#braces`).
    Braces,
    /// A line that comes back: the health check (`docs/protocol.md#echo`).
    Echo,
}

impl Dialect {
    /// Every dialect.
    pub const ALL: &[Self] =
        &[Self::Block, Self::Session, Self::Fixed, Self::Framed, Self::Braces, Self::Echo];

    /// The dialects that carry bets.
    pub const WITH_BETS: &[Self] = &[Self::Block, Self::Session, Self::Fixed, Self::Framed, Self::Braces];

    /// Its name, in lower case.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Block => "block",
            Self::Session => "session",
            Self::Fixed => "fixed",
            Self::Framed => "framed",
            Self::Braces => "braces",
            Self::Echo => "echo",
        }
    }

    /// How an agency behaves on this wire.
    pub const fn profile(self) -> DialectProfile {
        let profile = DialectProfile {
            batch_bets: 255,
            batch_bytes: usize::MAX,
            has_sessions: false,
            answers_bets: true,
            waits_for_answers: false,
            winners_flow: WinnersFlow::SameConnection,
        };
        match self {
            Self::Block => profile,
            Self::Session => DialectProfile { has_sessions: true, ..profile },
            Self::Fixed => DialectProfile {
                batch_bets: 99,
                answers_bets: false,
                winners_flow: WinnersFlow::NewConnection,
                ..profile
            },
            Self::Framed => DialectProfile {
                batch_bets: 10,
                batch_bytes: 8192,
                waits_for_answers: true,
                winners_flow: WinnersFlow::WithFinished,
                ..profile
            },
            Self::Braces => DialectProfile { batch_bets: 50, waits_for_answers: true, ..profile },
            Self::Echo => DialectProfile { waits_for_answers: true, ..profile },
        }
    }

    /// The longest answer that an agency with so many bets can need, in bytes: all of them have won, with the longest
    /// documents; or, with few bets, a failure of up to 8192 bytes.
    ///
    /// On `block` and in a session it is a block: a longer list comes in further ones. On `echo` it is a line behind a prefix
    /// that is as long.
    pub const fn longest_answer(self, bets: usize) -> usize {
        let (head, document) = match self {
            Self::Block | Self::Session => (block::BLOCK_SIZE, 0),
            Self::Fixed => ("R00000".len(), "00000000".len()),
            Self::Framed => ("00000000".len(), MAX_DOCUMENT + ";".len()),
            Self::Braces => ("R;".len(), "{PlayerDocID:},".len() + MAX_DOCUMENT),
            Self::Echo => (2 * MAX_LINE + "\n".len(), 0),
        };
        let longest = document.saturating_mul(bets).saturating_add(head);
        if longest > block::BLOCK_SIZE { longest } else { block::BLOCK_SIZE }
    }

    /// The greatest number of an agency that this wire can carry.
    pub const fn max_agency(self) -> u32 {
        match self {
            Self::Block | Self::Session => block::MAX_AGENCY,
            Self::Fixed | Self::Framed | Self::Braces | Self::Echo => AgencyId::MAX,
        }
    }

    /// Whether this wire can carry the bet as it is.
    ///
    /// # Errors
    /// The field that it cannot carry, and why: a separator in a name, or something wider than its column.
    pub fn check_sendable(self, bet: &Bet<'_>) -> Result<(), FieldError> {
        self.wire().check_sendable(bet)
    }

    pub(crate) fn wire(self) -> &'static dyn Wire {
        match self {
            Self::Block => &block::Block,
            Self::Session => &block::Session,
            Self::Fixed => &fixed::Fixed,
            Self::Framed => &framed::Framed,
            Self::Braces => &braces::Braces,
            Self::Echo => &echo::Echo,
        }
    }
}

impl fmt::Display for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// How an agency behaves on a wire: who waits for what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DialectProfile {
    /// The bets in a batch, if nothing else is said.
    pub batch_bets: usize,
    /// The bytes of the bets in a batch, at most, if nothing else is said.
    pub batch_bytes: usize,
    /// It opens with Hello, and goes on after the bets that are stored.
    pub has_sessions: bool,
    /// A bet that is sent alone is answered.
    pub answers_bets: bool,
    /// Each message waits for the answer to the one before.
    pub waits_for_answers: bool,
    /// How the winners are asked for.
    pub winners_flow: WinnersFlow,
}

/// How the winners are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WinnersFlow {
    /// On the connection that the bets were sent on, again and again.
    SameConnection,
    /// The centre closes after Finished and after each question: every question has a connection of its own.
    NewConnection,
    /// Finished asks for them, too, and the answer comes after the draw.
    WithFinished,
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::{format, vec};

    #[test]
    fn the_longest_answer_names_all_bets_and_is_no_longer() {
        let document = "9".repeat(MAX_DOCUMENT);
        for bets in [1, 300, 1000, 2000] {
            for (dialect, answer) in [
                (Dialect::Fixed, format!("R{bets:05}{}", "20000001".repeat(bets))),
                (Dialect::Framed, format!("{:08}{}", 0, vec![&*document; bets].join(";"))),
                (
                    Dialect::Braces,
                    format!("R{};", vec![format!("{{PlayerDocID:{document}}}"); bets].join(",")),
                ),
            ] {
                let (longest, needed) = (dialect.longest_answer(bets), answer.len().max(8192));
                assert!((needed..=needed + 1).contains(&longest), "{dialect}, {bets}: {longest}, {needed}");
            }
            for dialect in [Dialect::Block, Dialect::Session] {
                assert_eq!(dialect.longest_answer(bets), 8192);
            }
        }
        assert_eq!(Dialect::Braces.longest_answer(usize::MAX), usize::MAX);
        assert_eq!(Dialect::Echo.longest_answer(0), 16_385);
    }

    #[test]
    fn each_wire_names_agencies_up_to_its_greatest_and_none_beyond() {
        let client = |dialect, agency| {
            let config = crate::ClientConfig::new(AgencyId::new(agency).expect("a number"), dialect);
            let mut client = crate::Client::new(config, crate::Instant::default());
            let now = crate::Instant::default();
            if dialect == Dialect::Session { client.hello(now) } else { client.send_finished(now) }
        };
        for dialect in Dialect::WITH_BETS {
            let most = dialect.max_agency();
            assert_eq!(client(*dialect, most), Ok(()), "{dialect}");
            if most < AgencyId::MAX {
                let error = crate::SendError::Agency { agency: most + 1, max: most };
                assert_eq!(client(*dialect, most + 1), Err(error), "{dialect}");
            }
        }
    }

    #[test]
    fn each_wire_has_its_manner() {
        use WinnersFlow::{NewConnection, SameConnection, WithFinished};
        // Bets and bytes in a batch; sessions, answers to single bets, waits for answers; the question.
        for (dialect, bets, bytes, sessions, answers, waits, question) in [
            (Dialect::Block, 255, usize::MAX, false, true, false, SameConnection),
            (Dialect::Session, 255, usize::MAX, true, true, false, SameConnection),
            (Dialect::Fixed, 99, usize::MAX, false, false, false, NewConnection),
            (Dialect::Framed, 10, 8192, false, true, true, WithFinished),
            (Dialect::Braces, 50, usize::MAX, false, true, true, SameConnection),
            (Dialect::Echo, 255, usize::MAX, false, true, true, SameConnection),
        ] {
            let profile = dialect.profile();
            assert_eq!((profile.batch_bets, profile.batch_bytes), (bets, bytes), "{dialect}");
            assert_eq!(
                (profile.has_sessions, profile.answers_bets, profile.waits_for_answers),
                (sessions, answers, waits),
                "{dialect}"
            );
            assert_eq!(profile.winners_flow, question, "{dialect}");
        }
    }
}
