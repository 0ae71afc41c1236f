//! What a lottery is about, and that it stays so: its rules are stored with the first of what is stored.

use thiserror::Error;

use crate::store::{Rules, Saved, StoreError};

/// About so many bytes of winners are gathered before they are stored.
pub(super) const GATHERED: usize = 256 * 1024;

/// How a lottery is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opening {
    /// Its rules.
    pub rules: Rules,
    /// If it was begun with so many agencies, and nothing is drawn yet, it goes on with as many as the rules say.
    pub raised_from: Option<u32>,
    /// About so many bytes of winners are gathered before they are stored. Default 256 KiB.
    pub gathered: usize,
}

impl From<Rules> for Opening {
    fn from(rules: Rules) -> Self {
        Self { rules, raised_from: None, gathered: GATHERED }
    }
}

/// Why a lottery cannot be opened.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum OpenError {
    /// Of the store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// It was begun with other rules. Nothing was changed.
    #[error("{}", other_rules(*.begun, *.asked, *.drawn))]
    OtherRules {
        /// Those that it was begun with.
        begun: Rules,
        /// Those that it was to be opened with.
        asked: Rules,
        /// The draw has taken place.
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
    /// Whether the others are the same with more agencies.
    fn may_be_raised_to(self, others: Self) -> bool {
        others.winning_number == self.winning_number && others.agencies > self.agencies
    }
}

impl Opening {
    /// Whether what is stored is to go on with these rules; and whether they are to be stored at once.
    pub(super) fn check(&self, saved: &Saved) -> Result<bool, OpenError> {
        let asked = self.rules;
        let drawn = saved.draw.as_ref();
        // Of a version that did not store them.
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
