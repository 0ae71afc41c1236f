//! Plan for a request, made before the group is committed.

use lottery_proto::Code;
use lottery_runtime::Mailbox;

use crate::commit_queue::Notice;
use crate::store::AgencyRecord;

/// Plan for a request.
#[derive(Debug)]
pub(super) enum Plan {
    /// Acknowledge it once the group is durable.
    Store { total: u64 },
    /// Reject it.
    Refuse { code: Code, reason: &'static str },
    /// Begin a session from this record, stored or in the group, and end the older one.
    Greet { record: AgencyRecord, older: Option<Mailbox<Notice>> },
    /// Reply without a change of the store.
    ReadOnly,
}

impl Plan {
    pub(super) const fn refuse(code: Code, reason: &'static str) -> Self {
        Self::Refuse { code, reason }
    }
}
