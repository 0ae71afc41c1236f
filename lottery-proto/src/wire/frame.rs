//! Search for the end of a message.

/// Role of the sender of the messages that are searched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Client,
    Server,
}

/// Limits of a message.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Maximum length of a message, in bytes.
    pub(crate) message: usize,
    /// True if the peer has ended its side: no more bytes will come.
    pub(crate) ended: bool,
}

/// Progress of the search for the end of a message.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct FrameCursor {
    /// Number of bytes that were searched.
    pub(crate) bytes: usize,
    /// Number of characters among them, in a dialect that counts characters.
    pub(crate) count: usize,
}
