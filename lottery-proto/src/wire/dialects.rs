//! Properties of a dialect that follow from its messages.

use super::{ClientCodec, MAX_LINE, ServerCodec, block, braces, echo, fixed, framed};
use crate::bet::{AgencyId, Bet, FieldError, MAX_DOCUMENT};
use crate::dialect::Dialect;

impl Dialect {
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
        self.client().check_sendable(bet)
    }

    pub(crate) fn server(self) -> &'static dyn ServerCodec {
        match self {
            Self::Block => &block::Block,
            Self::Session => &block::Session,
            Self::Fixed => &fixed::Fixed,
            Self::Framed => &framed::Framed,
            Self::Braces => &braces::Braces,
            Self::Echo => &echo::Echo,
        }
    }

    pub(crate) fn client(self) -> &'static dyn ClientCodec {
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

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::{format, vec};

    #[test]
    fn the_longest_answer_names_all_bets_and_is_no_longer() {
        let document = "9".repeat(MAX_DOCUMENT);
        for bets in [1, 300, 1000, 2000] {
            for (dialect, answer) in [
                (Dialect::FIXED, format!("R{bets:05}{}", "20000001".repeat(bets))),
                (Dialect::FRAMED, format!("{:08}{}", 0, vec![&*document; bets].join(";"))),
                (
                    Dialect::BRACES,
                    format!("R{};", vec![format!("{{PlayerDocID:{document}}}"); bets].join(",")),
                ),
            ] {
                let (longest, needed) = (dialect.longest_answer(bets), answer.len().max(8192));
                assert!((needed..=needed + 1).contains(&longest), "{dialect}, {bets}: {longest}, {needed}");
            }
            for dialect in [Dialect::BLOCK, Dialect::SESSION] {
                assert_eq!(dialect.longest_answer(bets), 8192);
            }
        }
        assert_eq!(Dialect::BRACES.longest_answer(usize::MAX), usize::MAX);
        assert_eq!(Dialect::ECHO.longest_answer(0), 16_385);
    }

    #[test]
    fn each_dialect_names_agencies_up_to_its_greatest_and_none_beyond() {
        let client = |dialect, agency| {
            let config = crate::ClientConfig::new(AgencyId::new(agency).expect("a number"), dialect);
            let mut client = crate::Client::new(config, crate::Instant::default());
            let now = crate::Instant::default();
            if dialect == Dialect::SESSION { client.hello(now) } else { client.send_finished(now) }
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
}
