//! Conversations of a client and a server, as bytes.

use lottery_proto::Dialect;

/// Bytes that one side sends at once.
#[derive(Clone, Debug)]
pub(super) struct Step {
    /// True if the client sends them.
    pub(super) from_client: bool,
    pub(super) bytes: Vec<u8>,
}

/// Connection from its beginning to its end.
#[derive(Clone, Debug)]
pub(super) struct Conversation {
    /// Name, for people.
    pub(super) name: String,
    /// Dialect that it is in; `None` if the bytes have to show it.
    pub(super) dialect: Option<Dialect>,
    pub(super) steps: Vec<Step>,
    /// True if the client's FIN comes with its last byte, and not in a packet of its own.
    pub(super) fin_at_once: bool,
}

impl Conversation {
    /// Returns a conversation without steps.
    pub(super) fn new(name: impl Into<String>, dialect: Option<Dialect>) -> Self {
        Self { name: name.into(), dialect, steps: Vec::new(), fin_at_once: false }
    }

    /// Appends bytes of a side, unless there are none.
    pub(super) fn push(&mut self, from_client: bool, bytes: Vec<u8>) {
        if !bytes.is_empty() {
            self.steps.push(Step { from_client, bytes });
        }
    }
}
