//! Reasons for which a connection ends (`docs/protocol.md#ending-a-connection`).

use crate::conn::SocketError;
use crate::dialect::{Dialect, Foreign};
use crate::error::DecodeError;

/// Breach of the protocol by a peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Violation {
    /// Message that cannot be understood.
    #[error("{0}")]
    Malformed(#[from] DecodeError),
    /// End in the middle of a message.
    #[error("cut off after {received} bytes of a message")]
    Truncated {
        /// Bytes of the last message that arrived.
        received: usize,
    },
    /// End before a reply that the peer owed.
    #[error("ended without the answer that it owes")]
    Unanswered,
}

/// Reasons for which a connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CloseReason {
    /// Both sides had nothing more to send.
    #[error("done")]
    Done,
    /// This side was told to shut down.
    #[error("shut down")]
    Shutdown,
    /// The peer broke the protocol.
    #[error("protocol error: {0}")]
    Peer(#[from] Violation),
    /// The application rejected the peer.
    #[error("refused")]
    Rejected,
    /// A newer session of the same agency took over.
    #[error("superseded by a newer session of this agency")]
    Superseded,
    /// The peer speaks a dialect that is not spoken here.
    #[error("the peer speaks {0}, which is not spoken here")]
    NotSpoken(Dialect),
    /// The peer speaks no dialect, but another protocol that is recognized.
    #[error("the peer speaks {0}, which is not spoken here")]
    Foreign(Foreign),
    /// The peer owed a message and sent nothing.
    #[error("timeout: the peer was silent")]
    Idle,
    /// The peer began a message and did not complete it in time.
    #[error("timeout: a message was begun and not completed")]
    Incomplete,
    /// The peer did not read what was sent to it.
    #[error("timeout: the peer does not read")]
    Stalled,
    /// The server did not answer Hello: it closed the connection, or was silent for too long.
    #[error("the server did not answer Hello, it may have no sessions")]
    NoSession,
    /// The peer did not reply in time.
    #[error("timeout: the peer did not answer")]
    NoAnswer,
    /// The application did not reply to a request in time.
    #[error("timeout: a request was not replied to")]
    NoReply,
    /// The socket failed, or the peer is gone, for that reason.
    #[error("connection lost: {0}")]
    Lost(SocketError),
}

impl CloseReason {
    /// True if the connection ended as intended.
    pub const fn is_clean(&self) -> bool {
        matches!(self, Self::Done | Self::Shutdown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn done_and_shutdown_are_the_clean_reasons() {
        assert!(CloseReason::Done.is_clean() && CloseReason::Shutdown.is_clean());
        let lost = CloseReason::Lost(SocketError::Reset);
        for reason in [CloseReason::Rejected, CloseReason::Superseded, CloseReason::Idle, lost] {
            assert!(!reason.is_clean(), "{reason}");
        }
    }
}
