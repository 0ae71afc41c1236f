//! A request that waits for its answer.

use lottery_proto::server::Event;
use lottery_proto::{
    AnonymousWaiter, Batch, Echo, EchoReply, Failure, Finished, Hello, HelloReply, Instant, Receipt,
    ReplyError, Request, Server, SingleBet, Ticket, WinnersQuery, WinnersReply,
};

/// The ticket of any request.
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

/// What is said to it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Say<'a> {
    /// Yes; the draw has these winners, or has not taken place; a line comes back behind this prefix.
    Yes { total: u64, winners: Option<&'a [String]>, prefix: &'a str },
    /// No.
    No(Failure<'a>),
}

impl Held {
    /// What the event asks for, if it asks.
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

    /// Answers it. It comes back if its wire cannot carry that.
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
