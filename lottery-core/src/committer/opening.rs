//! Opening of a lottery: its rules are stored with the first group, and must not change.

use lottery_proto::ConfigError;
use thiserror::Error;

use crate::store::{Rules, Saved, StoreError};

/// Default number of bytes of winners held in memory before they are stored, about.
pub(super) const GATHERED: usize = 256 * 1024;

/// Settings for opening a lottery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opening {
    /// Rules of the lottery.
    pub rules: Rules,
    /// Number of agencies that it was begun with, if that may be raised to the number in `rules`. Only before
    /// the draw.
    pub raised_from: Option<u32>,
    /// Number of bytes of winners held in memory before they are stored, about. Default 256 KiB.
    pub gathered: usize,
}

impl From<Rules> for Opening {
    fn from(rules: Rules) -> Self {
        Self { rules, raised_from: None, gathered: GATHERED }
    }
}

/// Reason why a lottery cannot be opened.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The settings of its connections are not valid: no lottery has so many agencies.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The lottery was begun with other rules. Nothing was changed.
    #[error("{}", other_rules(*.begun, *.asked, *.drawn))]
    OtherRules {
        /// Rules that it was begun with.
        begun: Rules,
        /// Rules that it was to be opened with.
        asked: Rules,
        /// True if the draw has taken place.
        drawn: bool,
    },
}

fn other_rules(begun: Rules, asked: Rules, drawn: bool) -> String {
    let say = |Rules { agencies, winning_number }| {
        format!("{agencies} agencies and the winning number {winning_number}")
    };
    let (of_begun, of_asked) = (say(begun), say(asked));
    let Rules { agencies: from, winning_number } = begun;
    let go_on = format!("start it with --agencies {from} --winning-number {winning_number}");
    let raise = if begun.may_be_raised_to(asked) && !drawn {
        let to = asked.agencies;
        format!(", or with --agencies {to} --agencies-before {from} if more are to take part")
    } else {
        String::new()
    };
    format!("the lottery was begun with {of_begun}, not with {of_asked}: {go_on}{raise}")
}

impl Rules {
    /// Returns true if the others differ only by more agencies.
    fn may_be_raised_to(self, others: Self) -> bool {
        others.winning_number == self.winning_number && others.agencies > self.agencies
    }
}

impl Opening {
    /// Checks the rules against the store, and returns true if they are to be stored at once.
    pub(super) fn check(&self, saved: &Saved) -> Result<bool, OpenError> {
        let asked = self.rules;
        let drawn = saved.draw.as_ref();
        // The draw of a version that did not store the rules.
        let of_draw =
            drawn.map(|draw| Rules { agencies: draw.agencies, winning_number: draw.winning_number });
        let Some(begun) = saved.rules.or(of_draw) else { return Ok(!saved.agencies.is_empty()) };
        if begun == asked {
            return Ok(saved.rules.is_none());
        }
        if self.raised_from == Some(begun.agencies) && begun.may_be_raised_to(asked) && drawn.is_none() {
            return Ok(true);
        }
        Err(OpenError::OtherRules { begun, asked, drawn: drawn.is_some() })
    }
}
