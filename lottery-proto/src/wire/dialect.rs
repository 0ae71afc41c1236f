//! Dialects, and their properties that an application may have to know.

use core::fmt;

use super::{MAX_LINE, Wire, block, braces, echo, fixed, framed};
use crate::bet::{AgencyId, Bet, FieldError, MAX_DOCUMENT};

/// Dialect: one of the protocols that carry the same messages (`docs/protocol.md#choosing-a-dialect`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Dialect {
    /// Packets in blocks of 8192 bytes (`docs/protocol.md#block`).
    Block,
    /// The same packets on a connection that opens with Hello: each bet is stored once, whatever fails
    /// (`docs/protocol.md#sessions`).
    Session,
    /// Columns of characters (`docs/protocol.md#fixed`).
    Fixed,
    /// Eight digits and a body (`docs/protocol.md#framed`).
    Framed,
    /// Keys and values in braces (`docs/protocol.md#braces`).
    Braces,
    /// Health check: a line that comes back (`docs/protocol.md#echo`).
    Echo,
}

impl Dialect {
    /// All dialects.
    pub const ALL: &[Self] =
        &[Self::Block, Self::Session, Self::Fixed, Self::Framed, Self::Braces, Self::Echo];

    /// Dialects that carry bets.
    pub const WITH_BETS: &[Self] = &[Self::Block, Self::Session, Self::Fixed, Self::Framed, Self::Braces];

    /// Returns the name, in lower case.
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

    /// Returns the behavior of a client in this dialect.
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

    /// Returns the length of the longest reply that an agency with this many bets can need, in bytes: the list if all
    /// of them have won, with the longest documents; or, with few bets, a failure of up to 8192 bytes.
    ///
    /// In `block` and `session` it is a block: a longer list continues in further ones. In `echo` it is a line behind a
    /// prefix of the same length.
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

    /// Returns the greatest agency number that this dialect can carry.
    pub const fn max_agency(self) -> u32 {
        match self {
            Self::Block | Self::Session => block::MAX_AGENCY,
            Self::Fixed | Self::Framed | Self::Braces | Self::Echo => AgencyId::MAX,
        }
    }

    /// Checks that this dialect can carry the bet unchanged.
    ///
    /// # Errors
    /// The field that it cannot carry, and the problem: a separator in a name, or a value wider than its column.
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

/// Behavior of a client in a dialect (`docs/protocol.md#choosing-a-dialect`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DialectProfile {
    /// Default number of bets in a batch.
    pub batch_bets: usize,
    /// Default maximum size of the bets in a batch, in bytes.
    pub batch_bytes: usize,
    /// True if a connection opens with Hello, and continues behind the bets that are stored.
    pub has_sessions: bool,
    /// True if a single bet gets a reply.
    pub answers_bets: bool,
    /// True if each message waits for the reply to the one before.
    pub waits_for_answers: bool,
    /// Way in which a client asks for the winners.
    pub winners_flow: WinnersFlow,
}

/// Ways in which a client asks for the winners (`docs/protocol.md#winners`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WinnersFlow {
    /// By queries on the connection of the bets, repeated until the draw.
    SameConnection,
    /// By queries on a connection of their own each, because the server closes after Finished and after each query.
    NewConnection,
    /// By Finished, whose reply comes after the draw.
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
        // Bets and bytes in a batch; sessions; replies to single bets; waits for replies; way to ask for the winners.
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
