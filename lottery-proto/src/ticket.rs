//! Tickets: the right and the duty to answer a request.

use core::fmt;
use core::marker::PhantomData;

use crate::wire::{Answer, Failure, ListSize, Window};

/// Identifier of a connection, chosen by the application and unique within it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnId(pub u64);

/// Right and duty to answer one request with a reply of the kind `R`, once.
///
/// The kind is named by the type of its replies: a `Ticket<Receipt<'static>>` is answered with a [`Receipt`]. The
/// lifetime is that of the texts in a reply, and says nothing here. A reply of another kind does not compile:
///
/// ```compile_fail,E0308
/// # use lottery_proto::{Instant, Receipt, Server, Ticket, WinnersReply};
/// fn answer(server: &mut Server, ticket: Ticket<Receipt<'static>>) {
///     let _ = server.reply(Instant::default(), ticket, WinnersReply::Pending);
/// }
/// ```
///
/// A ticket may be answered from any task. The client waits for its reply, and every later reply of the connection
/// waits, too: replies leave in the order of the requests. A ticket that is not answered in time, because it was dropped
/// for example, ends its connection with a failure (`docs/protocol.md#deadlines`,
/// [`ServerConfig::reply_timeout`](crate::ServerConfig::reply_timeout)); only one of a query that waits for the draw may be
/// kept as long as needed. To fail a request at once, answer its [`Ticket::failed`] with a [`Failure`].
#[must_use = "an unanswered request holds back all later answers of its connection"]
pub struct Ticket<R> {
    pub(crate) conn: ConnId,
    pub(crate) number: u64,
    kind: PhantomData<fn() -> R>,
}

impl<R> Ticket<R> {
    pub(crate) const fn new(conn: ConnId, number: u64) -> Self {
        Self { conn, number, kind: PhantomData }
    }

    /// Returns the connection of the request.
    pub const fn conn(&self) -> ConnId {
        self.conn
    }
}

impl<R> Ticket<R> {
    /// Returns a ticket for the same request that can only be answered with a failure, whatever its kind.
    pub fn failed(self) -> Ticket<Failure<'static>> {
        Ticket::new(self.conn, self.number)
    }
}

impl<R> fmt::Debug for Ticket<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Ticket({}, {})", self.conn.0, self.number)
    }
}

/// Reply of a server: [`Receipt`], [`WinnersReply`], [`HelloReply`] or [`EchoReply`]; a [`Failure`] rejects a request of
/// any kind ([`Ticket::failed`]).
pub trait Reply: Sealed {
    /// The same type with texts that live for ever: it names the kind in a [`Ticket`].
    type Kind;
}

impl Reply for Receipt<'_> {
    type Kind = Receipt<'static>;
}

impl Reply for WinnersReply<'_> {
    type Kind = WinnersReply<'static>;
}

impl Reply for HelloReply<'_> {
    type Kind = HelloReply<'static>;
}

impl Reply for EchoReply<'_> {
    type Kind = EchoReply<'static>;
}

impl Reply for Failure<'_> {
    type Kind = Failure<'static>;
}

impl Sealed for Failure<'_> {
    fn into_any<'a>(self) -> AnyReply<'a>
    where
        Self: 'a,
    {
        AnyReply(Answer::Rejected { failure: self, total: 0 })
    }
}

mod sealed {
    use core::fmt;

    use crate::wire::Answer;

    /// Reply of any kind, as a dialect writes it.
    pub struct AnyReply<'a>(pub(crate) Answer<'a>);

    /// Omits the reply: it may hold documents.
    impl fmt::Debug for AnyReply<'_> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("AnyReply(..)")
        }
    }

    pub trait Sealed {
        fn into_any<'a>(self) -> AnyReply<'a>
        where
            Self: 'a;
    }
}

use sealed::{AnyReply, Sealed};

/// Reply to a Hello ([`Event::Hello`](crate::server::Event::Hello)).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HelloReply<'a> {
    /// The agency has a session, and its older sessions are over.
    Welcome {
        /// Number of the agency's durable bets.
        stored: u64,
        /// True if the agency is finished.
        finished: bool,
        /// CRC-32C of the durable bets (`docs/protocol.md#digest`).
        digest: u32,
    },
    /// Rejection, with its reason.
    Rejected(Failure<'a>),
}

impl Sealed for HelloReply<'_> {
    fn into_any<'a>(self) -> AnyReply<'a>
    where
        Self: 'a,
    {
        AnyReply(match self {
            // The machine fills in its window.
            Self::Welcome { stored, finished, digest } => {
                Answer::Welcome { stored, finished, window: Window::default(), digest }
            }
            Self::Rejected(failure) => Answer::Rejected { failure, total: 0 },
        })
    }
}

/// Reply to a line ([`Event::Echo`](crate::server::Event::Echo)): the line, which the machine has kept, goes back behind this prefix. The prefix is empty for a plain
/// echo.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EchoReply<'a>(pub &'a str);

impl Sealed for EchoReply<'_> {
    fn into_any<'a>(self) -> AnyReply<'a>
    where
        Self: 'a,
    {
        AnyReply(Answer::Echo(self.0))
    }
}

/// Reply to a request to store: a bet, a batch, or the end of an agency's bets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Receipt<'a> {
    /// The request is durable: written and synced.
    Stored {
        /// Number of the agency's durable bets by now.
        total: u64,
    },
    /// Rejection, with its reason: nothing of the request is stored.
    Rejected(Failure<'a>),
}

/// Reply to a query for the winners, and to an anonymous waiter. A list that is there as a whole is given to
/// [`Server::reply_winners`](crate::Server::reply_winners).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WinnersReply<'a> {
    /// The draw has not taken place. Not for a query that waits for the draw.
    Pending,
    /// List of that size, whose documents follow in parts ([`Server::put_winners`](crate::Server::put_winners)).
    List(ListSize),
    /// Rejection, with its reason.
    Rejected(Failure<'a>),
}

impl Sealed for Receipt<'_> {
    fn into_any<'a>(self) -> AnyReply<'a>
    where
        Self: 'a,
    {
        AnyReply(match self {
            Self::Stored { total } => Answer::Stored { total },
            Self::Rejected(failure) => Answer::Rejected { failure, total: 0 },
        })
    }
}

impl Sealed for WinnersReply<'_> {
    fn into_any<'a>(self) -> AnyReply<'a>
    where
        Self: 'a,
    {
        AnyReply(match self {
            Self::Pending => Answer::Pending,
            Self::List(size) => Answer::List(size),
            Self::Rejected(failure) => Answer::Rejected { failure, total: 0 },
        })
    }
}

/// Reasons for which a reply was not taken. Nothing was queued, and the ticket comes back.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReplyError<R> {
    /// The ticket belongs to another connection.
    #[error("the ticket is of another connection")]
    WrongConnection(Ticket<R>),
    /// The dialect cannot carry so much in one reply.
    #[error("the answer does not fit: this dialect cannot carry so many winners")]
    TooLarge(Ticket<R>),
}
