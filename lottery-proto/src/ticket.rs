//! Tickets: the right and the duty to answer a request.

use alloc::string::String;
use core::fmt;
use core::marker::PhantomData;

use crate::bet::AgencyId;
use crate::wire::{Answer, Failure, ListSize};

/// Identifier of a connection, chosen by the application and unique within it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnId(pub u64);

/// Right and duty to answer one request of kind `R`, once.
///
/// A ticket may be kept as long as needed, and answered from any task. The client waits for its reply, and every later
/// reply of the connection waits, too: replies leave in the order of the requests. A ticket that is dropped is never
/// answered; to end its connection instead, call [`Server::reject`](crate::Server::reject).
#[must_use = "an unanswered request holds back all later answers of its connection"]
pub struct Ticket<R: Request> {
    pub(crate) conn: ConnId,
    pub(crate) number: u64,
    agency: R::Agency,
    kind: PhantomData<fn() -> R>,
}

impl<R: Request> Ticket<R> {
    pub(crate) const fn new(conn: ConnId, number: u64, agency: R::Agency) -> Self {
        Self { conn, number, agency, kind: PhantomData }
    }

    /// Returns the connection of the request.
    pub const fn conn(&self) -> ConnId {
        self.conn
    }

    /// Returns the agency of the request; `()` if its kind names none.
    pub const fn agency(&self) -> R::Agency {
        self.agency
    }
}

impl<R: Request> fmt::Debug for Ticket<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Ticket({}, {})", self.conn.0, self.number)
    }
}

/// Kind of request, tied to its kind of reply, so that a reply of the wrong kind does not compile.
pub trait Request: sealed::Sealed {
    /// Sender of the request: an [`AgencyId`], or `()` if this kind names none.
    type Agency: Copy;
    /// Reply to the request.
    type Reply<'a>: Into<Reply<'a>>;
}

/// Request that begins a session.
#[derive(Debug)]
pub enum Hello {}

/// Request to store one bet.
#[derive(Debug)]
pub enum SingleBet {}

/// Request to store bets, all or none.
#[derive(Debug)]
pub enum Batch {}

/// Statement that the agency has sent its last bet.
#[derive(Debug)]
pub enum Finished {}

/// Query for the winners of the agency.
#[derive(Debug)]
pub enum WinnersQuery {}

/// Wait for the draw by a client that names no agency and has sent no bets.
#[derive(Debug)]
pub enum AnonymousWaiter {}

/// Line to be sent back.
#[derive(Debug)]
pub enum Echo {}

impl Request for Hello {
    type Agency = AgencyId;
    type Reply<'a> = HelloReply<'a>;
}

impl Request for SingleBet {
    type Agency = AgencyId;
    type Reply<'a> = Receipt<'a>;
}

impl Request for Batch {
    type Agency = AgencyId;
    type Reply<'a> = Receipt<'a>;
}

impl Request for Finished {
    type Agency = AgencyId;
    type Reply<'a> = Receipt<'a>;
}

impl Request for WinnersQuery {
    type Agency = AgencyId;
    type Reply<'a> = WinnersReply<'a>;
}

impl Request for AnonymousWaiter {
    type Agency = ();
    type Reply<'a> = WinnersReply<'a>;
}

impl Request for Echo {
    type Agency = ();
    type Reply<'a> = EchoReply<'a>;
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::Hello {}
    impl Sealed for super::SingleBet {}
    impl Sealed for super::Batch {}
    impl Sealed for super::Finished {}
    impl Sealed for super::WinnersQuery {}
    impl Sealed for super::AnonymousWaiter {}
    impl Sealed for super::Echo {}
}

/// Reply to [`Hello`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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

impl<'a> From<HelloReply<'a>> for Reply<'a> {
    fn from(reply: HelloReply<'a>) -> Self {
        Self(match reply {
            HelloReply::Welcome { stored, finished, digest } => {
                // The machine fills in its window.
                Answer::Welcome { stored, finished, window: 0, digest }
            }
            HelloReply::Rejected(failure) => Answer::Rejected { failure, total: 0 },
        })
    }
}

/// Reply to [`Echo`]: the line, which the machine has kept, goes back behind this prefix. The prefix is empty for a plain
/// echo.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EchoReply<'a>(pub &'a str);

impl<'a> From<EchoReply<'a>> for Reply<'a> {
    fn from(EchoReply(prefix): EchoReply<'a>) -> Self {
        Self(Answer::Echo(prefix))
    }
}

/// Reply to [`SingleBet`], [`Batch`] and [`Finished`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Receipt<'a> {
    /// The request is durable: written and synced.
    Stored {
        /// Number of the agency's durable bets by now.
        total: u64,
    },
    /// Rejection, with its reason: nothing of the request is stored.
    Rejected(Failure<'a>),
}

/// Reply to [`WinnersQuery`] and [`AnonymousWaiter`].
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum WinnersReply<'a> {
    /// The draw has not taken place. Not for a query that waits for the draw.
    Pending,
    /// Documents of the agency's winners, in the order in which its bets were stored.
    Winners(&'a [String]),
    /// List of that size, whose documents follow in parts ([`Server::put_winners`](crate::Server::put_winners)).
    List(ListSize),
    /// Rejection, with its reason.
    Rejected(Failure<'a>),
}

/// Shows the number of winners only: their documents are personal data.
impl fmt::Debug for WinnersReply<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pending => f.write_str("Pending"),
            Self::Winners(documents) => write!(f, "Winners({})", documents.len()),
            Self::List(size) => write!(f, "List({})", size.documents),
            Self::Rejected(failure) => f.debug_tuple("Rejected").field(failure).finish(),
        }
    }
}

/// Reply of any kind.
pub struct Reply<'a>(pub(crate) Answer<'a>);

impl fmt::Debug for Reply<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Reply(..)")
    }
}

impl<'a> From<Receipt<'a>> for Reply<'a> {
    fn from(receipt: Receipt<'a>) -> Self {
        Self(match receipt {
            Receipt::Stored { total } => Answer::Stored { total },
            Receipt::Rejected(failure) => Answer::Rejected { failure, total: 0 },
        })
    }
}

impl<'a> From<WinnersReply<'a>> for Reply<'a> {
    fn from(reply: WinnersReply<'a>) -> Self {
        Self(match reply {
            WinnersReply::Pending => Answer::Pending,
            WinnersReply::Winners(documents) => Answer::Winners(documents),
            WinnersReply::List(size) => Answer::List(size),
            WinnersReply::Rejected(failure) => Answer::Rejected { failure, total: 0 },
        })
    }
}

/// Reasons for which a reply was not taken. Nothing was queued, and the ticket comes back.
#[derive(Debug, thiserror::Error)]
pub enum ReplyError<R: Request> {
    /// The ticket belongs to another connection.
    #[error("the ticket is of another connection")]
    WrongConnection(Ticket<R>),
    /// The dialect cannot carry so much in one reply.
    #[error("the answer does not fit: this dialect cannot carry so many winners")]
    TooLarge(Ticket<R>),
}
