//! What is to be done about a request.

use lottery_proto::Code;
use lottery_runtime::Mailbox;

use crate::commit_queue::Notice;
use crate::store::AgencyRecord;

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
    ReadOnly,
}

impl Plan {
    pub(super) const fn refuse(code: Code, reason: &'static str) -> Self {
        Self::Refuse { code, reason }
    }
}
