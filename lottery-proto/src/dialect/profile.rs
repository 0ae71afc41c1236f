//! Properties of a dialect that a client may have to know.

use crate::wire::Kind;

/// Behavior of a client in a dialect (`docs/protocol.md#choosing-a-dialect`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a property of its own")]
pub struct DialectProfile {
    /// Default number of bets in a batch.
    pub batch_bets: usize,
    /// Default maximum size of the bets in a batch, in bytes.
    pub batch_bytes: usize,
    /// True if a connection opens with Hello, and continues behind the bets that are stored.
    pub has_sessions: bool,
    /// True if a single bet gets a reply.
    pub answers_bets: bool,
    /// True if Finished gets a reply. Otherwise the end of the connection says that the server has received it.
    pub answers_finished: bool,
    /// True if each message waits for the reply to the one before.
    pub waits_for_answers: bool,
    /// Way in which a client asks for the winners.
    pub winners_flow: WinnersFlow,
    /// True if it carries lines that come back, and no bets.
    pub has_lines: bool,
    /// True if a connection carries one message and its reply.
    pub one_message: bool,
    /// True if a message carries one bet.
    pub one_bet: bool,
    /// True if a batch of one bet cannot be told from a single bet, whose reply is another.
    pub ambiguous_bets: bool,
    /// True if an agency can say that it has sent its last bet.
    pub has_finished: bool,
    /// Sign of a rejection.
    pub rejection: RejectionSign,
}

impl DialectProfile {
    /// Profile of a dialect without peculiarities: batches of up to 255 bets, each request answered, on one connection.
    pub const DEFAULT: Self = Self {
        batch_bets: 255,
        batch_bytes: usize::MAX,
        has_sessions: false,
        answers_bets: true,
        answers_finished: true,
        waits_for_answers: false,
        winners_flow: WinnersFlow::SameConnection,
        has_lines: false,
        one_message: false,
        one_bet: false,
        ambiguous_bets: false,
        has_finished: true,
        rejection: RejectionSign::Reply,
    };

    /// Profile of a dialect of bets only, in which each connection carries one message.
    pub const ONE_MESSAGE: Self = Self {
        waits_for_answers: true,
        winners_flow: WinnersFlow::Never,
        one_message: true,
        has_finished: false,
        ..Self::DEFAULT
    };

    /// Profile of a dialect in which each connection carries one bet.
    pub const ONE_BET: Self = Self { batch_bets: 1, one_bet: true, ..Self::ONE_MESSAGE };

    /// True if the server takes nothing more on a connection after a request of that kind.
    pub(crate) fn is_last(self, kind: Kind) -> bool {
        self.one_message
            || match self.winners_flow {
                WinnersFlow::SameConnection => false,
                WinnersFlow::NewConnection => matches!(kind, Kind::Finished | Kind::Winners),
                WinnersFlow::WithFinished | WinnersFlow::Never => kind == Kind::Finished,
            }
    }
}

/// Signs by which a client knows that its bets were rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RejectionSign {
    /// A reply that says so.
    Reply,
    /// The end of the connection without a reply (`docs/protocol.md#short`).
    End,
    /// A reset of the connection (`docs/protocol.md#columns`).
    Reset,
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
    /// Not at all: the dialect carries bets only.
    Never,
}
