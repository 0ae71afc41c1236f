//! Request that waits for its reply.

use lottery_proto::server::Event;
use lottery_proto::{
    AnonymousWaiter, Batch, Echo, EchoReply, Failure, Finished, Hello, HelloReply, Instant, Receipt,
    ReplyError, Request, Server, SingleBet, Ticket, WinnersQuery, WinnersReply,
};

/// Ticket of any request.
#[derive(Debug)]
pub(crate) enum Held {
    Hello(Ticket<Hello>),
    Bet(Ticket<SingleBet>),
    Batch(Ticket<Batch>),
    Finished(Ticket<Finished>),
    Winners(Ticket<WinnersQuery>),
    AnonymousWaiter(Ticket<AnonymousWaiter>),
    Echo(Ticket<Echo>),
}

/// Answer to a request.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Say<'a> {
    /// Accepts; `winners` are those of the draw, `None` before it; a line comes back behind `prefix`.
    Yes { total: u64, winners: Option<&'a [String]>, prefix: &'a str },
    /// Rejects.
    No(Failure<'a>),
}

impl Held {
    /// Returns the request of an event, if it is one.
    pub(crate) fn of(event: Event<'_>) -> Option<Self> {
        Some(match event {
            Event::Hello { ticket } => Self::Hello(ticket),
            Event::Bet { ticket, .. } => Self::Bet(ticket),
            Event::Batch { ticket, .. } => Self::Batch(ticket),
            Event::Finished { ticket } => Self::Finished(ticket),
            Event::WinnersQuery { ticket, .. } => Self::Winners(ticket),
            Event::AnonymousWaiter { ticket } => Self::AnonymousWaiter(ticket),
            Event::Echo { ticket, .. } => Self::Echo(ticket),
            _ => return None,
        })
    }

    /// Answers the request. Returns it if its dialect cannot carry the reply.
    pub(crate) fn answer(self, server: &mut Server, now: Instant, say: Say<'_>) -> Result<(), Self> {
        let receipt = match say {
            Say::Yes { total, .. } => Receipt::Stored { total },
            Say::No(failure) => Receipt::Refused(failure),
        };
        let reply = match say {
            Say::Yes { winners: Some(winners), .. } => WinnersReply::Winners(winners),
            Say::Yes { winners: None, .. } => WinnersReply::Pending,
            Say::No(failure) => WinnersReply::Refused(failure),
        };
        let hello = match say {
            Say::Yes { total: stored, .. } => HelloReply::Welcome { stored, finished: false, digest: 0 },
            Say::No(failure) => HelloReply::Refused(failure),
        };
        let prefix = if let Say::Yes { prefix, .. } = say { prefix } else { "" };
        match self {
            Self::Hello(ticket) => given(server.reply(now, ticket, hello)).map_err(Self::Hello),
            Self::Bet(ticket) => given(server.reply(now, ticket, receipt)).map_err(Self::Bet),
            Self::Batch(ticket) => given(server.reply(now, ticket, receipt)).map_err(Self::Batch),
            Self::Finished(ticket) => given(server.reply(now, ticket, receipt)).map_err(Self::Finished),
            Self::Winners(ticket) => given(server.reply(now, ticket, reply)).map_err(Self::Winners),
            Self::AnonymousWaiter(ticket) => {
                given(server.reply(now, ticket, reply)).map_err(Self::AnonymousWaiter)
            }
            Self::Echo(ticket) => given(server.reply(now, ticket, EchoReply(prefix))).map_err(Self::Echo),
        }
    }
}

fn given<R: Request>(reply: Result<(), ReplyError<R>>) -> Result<(), Ticket<R>> {
    reply.map_err(|error| match error {
        ReplyError::TooLarge(ticket) => ticket,
        ReplyError::WrongConnection(ticket) => panic!("{ticket:?} is of another connection"),
    })
}
