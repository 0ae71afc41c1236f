//! Tickets: the right, and the duty, to answer a request.

use alloc::string::String;
use core::fmt;
use core::marker::PhantomData;

use crate::agency::AgencyId;
use crate::failure::Failure;
use crate::list::ListSize;
use crate::wire::Answer;

/// Names a connection among those of one application, which chooses the numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnId(pub u64);

/// The right, and the duty, to answer one request of kind `R`, once.
///
/// It may be kept as long as is needed, and answered from any task. The agency waits for it, and so does every
/// later answer on its connection: answers leave in the order of the requests.
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

    /// The connection that the request came on.
    pub const fn conn(&self) -> ConnId {
        self.conn
    }

    /// The agency that asks, if the kind of request names one.
    pub const fn agency(&self) -> R::Agency {
        self.agency
    }
}

impl<R: Request> fmt::Debug for Ticket<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Ticket({}, {})", self.conn.0, self.number)
    }
}

/// A kind of request, and what answers it: so that an answer of the wrong kind does not compile.
pub trait Request: sealed::Sealed {
    /// Who asks: an [`AgencyId`], or `()` if the request does not say.
    type Agency: Copy;
    /// What answers it.
    type Reply<'a>: Into<Reply<'a>>;
}

/// The beginning of a session.
#[derive(Debug)]
pub enum Hello {}

/// One bet to store.
#[derive(Debug)]
pub enum SingleBet {}

/// Bets to store, all or none.
#[derive(Debug)]
pub enum Batch {}

/// The agency has sent its last bet.
#[derive(Debug)]
pub enum Finished {}

/// Who won in the agency?
#[derive(Debug)]
pub enum WinnersQuery {}

/// Somebody without bets waits for the draw.
#[derive(Debug)]
pub enum AnonymousWaiter {}

/// A line to be sent back.
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

/// Answers [`Hello`].
#[derive(Clone, Copy, Debug)]
pub enum HelloReply<'a> {
    /// The agency has a session, and every older one of it is over.
    Welcome {
        /// How many bets of this agency are durable.
        stored: u64,
        /// Whether the agency is finished.
        finished: bool,
        /// The CRC-32C of those bets (`docs/protocol.md#digest`).
        digest: u32,
    },
    /// No, and why.
    Refused(Failure<'a>),
}

impl<'a> From<HelloReply<'a>> for Reply<'a> {
    fn from(reply: HelloReply<'a>) -> Self {
        Self(match reply {
            HelloReply::Welcome { stored, finished, digest } => {
                // The machine knows its window.
                Answer::Welcome { stored, finished, window: 0, digest }
            }
            HelloReply::Refused(failure) => Answer::Refused { failure, total: 0 },
        })
    }
}

/// Answers [`Echo`]: the line goes back, behind this prefix.
#[derive(Clone, Copy, Debug)]
pub struct EchoReply<'a>(pub &'a str);

impl<'a> From<EchoReply<'a>> for Reply<'a> {
    fn from(EchoReply(prefix): EchoReply<'a>) -> Self {
        Self(Answer::Echo(prefix))
    }
}

/// Answers [`SingleBet`], [`Batch`] and [`Finished`].
#[derive(Clone, Copy, Debug)]
pub enum Receipt<'a> {
    /// It is durable: written and synced.
    Stored {
        /// How many bets of this agency are durable by now.
        total: u64,
    },
    /// None of it is stored, and why.
    Refused(Failure<'a>),
}

/// Answers [`WinnersQuery`] and [`AnonymousWaiter`].
#[derive(Clone, Copy)]
pub enum WinnersReply<'a> {
    /// The draw has not taken place. Not for a question that waits.
    Pending,
    /// The documents of this agency's winners, in the order in which its bets were stored.
    Winners(&'a [String]),
    /// A list of that size, whose documents follow in pieces: [`Server::put_winners`](crate::Server::put_winners).
    List(ListSize),
    /// No, and why.
    Refused(Failure<'a>),
}

/// The number of winners only: their documents are personal data.
impl fmt::Debug for WinnersReply<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pending => f.write_str("Pending"),
            Self::Winners(documents) => write!(f, "Winners({})", documents.len()),
            Self::List(size) => write!(f, "List({})", size.documents),
            Self::Refused(failure) => f.debug_tuple("Refused").field(failure).finish(),
        }
    }
}

/// Any reply.
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
            Receipt::Refused(failure) => Answer::Refused { failure, total: 0 },
        })
    }
}

impl<'a> From<WinnersReply<'a>> for Reply<'a> {
    fn from(reply: WinnersReply<'a>) -> Self {
        Self(match reply {
            WinnersReply::Pending => Answer::Pending,
            WinnersReply::Winners(documents) => Answer::Winners(documents),
            WinnersReply::List(size) => Answer::List(size),
            WinnersReply::Refused(failure) => Answer::Refused { failure, total: 0 },
        })
    }
}

/// Why a reply was not taken. Nothing was queued, and the ticket comes back.
#[derive(Debug, thiserror::Error)]
pub enum ReplyError<R: Request> {
    /// The ticket is of another connection.
    #[error("the ticket is of another connection")]
    WrongConnection(Ticket<R>),
    /// The wire cannot carry so much in one answer.
    #[error("the answer does not fit: this wire cannot carry so many winners")]
    TooLarge(Ticket<R>),
}
