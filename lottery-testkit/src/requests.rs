//! Requests that wait for their reply.

use lottery_proto::server::Event;
use lottery_proto::{
    EchoReply, Failure, HelloReply, Instant, Receipt, ReplyError, Server, Ticket, WinnersReply,
};

/// Ticket of any request.
#[derive(Debug)]
pub enum PendingRequest {
    /// Beginning of a session.
    Hello(Ticket<HelloReply<'static>>),
    /// A bet alone.
    Bet(Ticket<Receipt<'static>>),
    /// A batch.
    Batch(Ticket<Receipt<'static>>),
    /// End of an agency's bets.
    Finished(Ticket<Receipt<'static>>),
    /// Query for the winners.
    Winners(Ticket<WinnersReply<'static>>),
    /// Peer without a name that waits for the draw.
    AnonymousWaiter(Ticket<WinnersReply<'static>>),
    /// A line.
    Echo(Ticket<EchoReply<'static>>),
}

/// Answer to a request.
#[derive(Clone, Copy, Debug)]
pub enum Answer<'a> {
    /// Accepts the request.
    Accept {
        /// Number of stored bets.
        total: u64,
        /// Winners of the draw, `None` before it.
        winners: Option<&'a [String]>,
        /// Text before a line that comes back.
        prefix: &'a str,
    },
    /// Rejects the request.
    Reject(Failure<'a>),
}

/// Accepts; the draw has not taken place.
pub const ACCEPT: Answer<'static> = Answer::Accept { total: 1, winners: None, prefix: "" };
/// Accepts; the draw has no winners.
pub const DRAWN: Answer<'static> = Answer::Accept { total: 1, winners: Some(&[]), prefix: "" };

impl PendingRequest {
    /// Returns the request of an event, if it is one.
    pub fn of(event: Event<'_>) -> Option<Self> {
        Some(match event {
            Event::Hello { ticket, .. } => Self::Hello(ticket),
            Event::Bet { ticket, .. } => Self::Bet(ticket),
            Event::Batch { ticket, .. } => Self::Batch(ticket),
            Event::Finished { ticket, .. } => Self::Finished(ticket),
            Event::WinnersQuery { ticket, .. } => Self::Winners(ticket),
            Event::AnonymousWaiter { ticket, .. } => Self::AnonymousWaiter(ticket),
            Event::Echo { ticket, .. } => Self::Echo(ticket),
            _ => return None,
        })
    }

    /// Answers the request.
    ///
    /// # Errors
    ///
    /// Returns the request if its dialect cannot carry the reply.
    pub fn answer(self, server: &mut Server, now: Instant, answer: Answer<'_>) -> Result<(), Self> {
        let receipt = match answer {
            Answer::Accept { total, .. } => Receipt::Stored { total },
            Answer::Reject(failure) => Receipt::Rejected(failure),
        };
        let hello = match answer {
            Answer::Accept { total: stored, .. } => {
                HelloReply::Welcome { stored, finished: false, digest: 0 }
            }
            Answer::Reject(failure) => HelloReply::Rejected(failure),
        };
        let prefix = if let Answer::Accept { prefix, .. } = answer { prefix } else { "" };
        match self {
            Self::Hello(ticket) => returned(server.reply(now, ticket, hello)).map_err(Self::Hello),
            Self::Bet(ticket) => returned(server.reply(now, ticket, receipt)).map_err(Self::Bet),
            Self::Batch(ticket) => returned(server.reply(now, ticket, receipt)).map_err(Self::Batch),
            Self::Finished(ticket) => returned(server.reply(now, ticket, receipt)).map_err(Self::Finished),
            Self::Winners(ticket) => answer_winners(server, now, ticket, answer).map_err(Self::Winners),
            Self::AnonymousWaiter(ticket) => {
                answer_winners(server, now, ticket, answer).map_err(Self::AnonymousWaiter)
            }
            Self::Echo(ticket) => returned(server.reply(now, ticket, EchoReply(prefix))).map_err(Self::Echo),
        }
    }
}

fn answer_winners(
    server: &mut Server,
    now: Instant,
    ticket: Ticket<WinnersReply<'static>>,
    answer: Answer<'_>,
) -> Result<(), Ticket<WinnersReply<'static>>> {
    returned(match answer {
        Answer::Accept { winners: Some(winners), .. } => server.reply_winners(now, ticket, winners),
        Answer::Accept { winners: None, .. } => server.reply(now, ticket, WinnersReply::Pending),
        Answer::Reject(failure) => server.reply(now, ticket, WinnersReply::Rejected(failure)),
    })
}

fn returned<R>(reply: Result<(), ReplyError<R>>) -> Result<(), Ticket<R>> {
    reply.map_err(|error| match error {
        ReplyError::TooLarge(ticket) => ticket,
        error => panic!("{error}"),
    })
}

/// Accepts the next request; `winners` are those of the draw, `None` before it; a line comes back behind
/// `"> "`. Returns true if there was a request.
pub fn accept_next(server: &mut Server, now: Instant, winners: Option<&[String]>) -> bool {
    answer_next(server, now, Answer::Accept { total: 1, winners, prefix: "> " })
}

/// Rejects the next request, which must be there.
pub fn reject_next(server: &mut Server, now: Instant, failure: Failure<'_>) {
    assert!(answer_next(server, now, Answer::Reject(failure)), "the next event is a request");
}

fn answer_next(server: &mut Server, now: Instant, answer: Answer<'_>) -> bool {
    let Some(request) = server.poll_event().and_then(PendingRequest::of) else { return false };
    request.answer(server, now, answer).expect("its dialect carries the reply");
    true
}
