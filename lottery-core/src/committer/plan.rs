//! What is to be done about a request, and what a batch becomes in the store.

use lottery_proto::{Bets, Code};

use crate::desk::Notice;
use crate::digest::Digest;
use crate::seam::Mailbox;
use crate::store::{AgencyRecord, Rows, rows};

/// What is to be done about a request.
#[derive(Debug)]
pub(super) enum Plan {
    /// It is acknowledged once the group is durable.
    Store { total: u64 },
    /// It is refused.
    Refuse { code: Code, reason: &'static str },
    /// It begins a session after this, which is stored or is in the group, and ends this older one.
    Greet { record: AgencyRecord, older: Option<Mailbox<Notice>> },
    /// It changes nothing that is stored.
    Look,
}

impl Plan {
    pub(super) const fn refuse(code: Code, reason: &'static str) -> Self {
        Self::Refuse { code, reason }
    }
}

/// The batch as it is stored, counted in the agency's record.
pub(super) fn rows_of(agency: u32, bets: Bets<'_>, record: &mut AgencyRecord) -> Rows {
    let mut text = String::with_capacity(bets.size() + bets.len() * 8);
    let mut digest = Digest::from_state(record.digest);
    for bet in bets {
        rows::push_bet(&mut text, agency, &bet);
        digest.push(&bet);
    }
    record.stored += bets.len() as u64;
    record.digest = digest.state();
    let bets = u32::try_from(bets.len()).unwrap_or(u32::MAX);
    Rows { agency, bets, text }
}
