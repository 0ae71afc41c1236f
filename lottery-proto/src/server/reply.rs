//! Replies of the server machine.

use super::Server;
use crate::close_reason::CloseReason;
use crate::conn::Instant;
use crate::dialect::Dialect;
use crate::ticket::{Receipt, Reply, ReplyError, Ticket, WinnersReply};
use crate::wire::{Answer, Failure, Kind, ListError, TooLarge};

impl Server {
    /// Answers a request. Replies leave in the order of the requests, whatever the order of these calls.
    ///
    /// On a connection that is closed, or was given up because no reply came in time
    /// ([`ServerConfig::reply_timeout`](crate::ServerConfig::reply_timeout)), the reply is dropped without an error.
    ///
    /// # Errors
    /// The ticket comes back if it belongs to another connection, or if the dialect cannot carry the reply.
    pub fn reply<R: Reply>(
        &mut self,
        now: Instant,
        ticket: Ticket<R::Kind>,
        reply: R,
    ) -> Result<(), ReplyError<R::Kind>> {
        if ticket.conn != self.conn {
            return Err(ReplyError::WrongConnection(ticket));
        }
        let answered = self.answer(now, ticket.number, &reply.into_any().0);
        self.replied(now, answered, ticket)
    }

    /// Answers a query for the winners with their documents, in the order in which the bets were stored: a slice of texts
    /// will do. They are gone through more than once, as some dialects send the size first. A list that is not in memory
    /// as a whole is announced with [`WinnersReply::List`], and given in parts ([`Server::put_winners`]).
    ///
    /// # Errors
    /// As for [`Server::reply`].
    pub fn reply_winners<'a, S: AsRef<str> + ?Sized + 'a>(
        &mut self,
        now: Instant,
        ticket: Ticket<WinnersReply<'static>>,
        documents: impl IntoIterator<Item = &'a S, IntoIter: Clone>,
    ) -> Result<(), ReplyError<WinnersReply<'static>>> {
        if ticket.conn != self.conn {
            return Err(ReplyError::WrongConnection(ticket));
        }
        let codec = self.dialect.unwrap_or(Dialect::ECHO).server();
        let documents = documents.into_iter().map(AsRef::as_ref);
        let answered = self.slots.answer_list(ticket.number, documents, codec, &mut self.output);
        let answered = answered.map(|end| self.answered(now, end));
        self.replied(now, answered, ticket)
    }

    /// Notes that the application replied with that ticket.
    fn replied<R>(
        &mut self,
        now: Instant,
        answered: Result<(), TooLarge>,
        ticket: Ticket<R>,
    ) -> Result<(), ReplyError<R>> {
        self.heard = now;
        self.replied |= !self.output.pending().is_empty();
        self.settle(now);
        answered.map_err(|TooLarge| ReplyError::TooLarge(ticket))
    }

    /// Notes that a request was answered, and ends the connection if the reply was its last.
    fn answered(&mut self, now: Instant, end: Option<CloseReason>) {
        self.count_answer();
        self.active = now;
        self.end_with(now, end);
    }

    /// Lets a single bet be acknowledged as a batch of one, in a dialect in which the two requests are the same bytes
    /// ([`DialectProfile::ambiguous_bets`](crate::DialectProfile::ambiguous_bets)). In every other dialect this changes
    /// nothing.
    pub fn take_for_batch(&mut self, ticket: &Ticket<Receipt<'static>>) {
        let ambiguous = self.dialect.is_some_and(|dialect| dialect.profile().ambiguous_bets);
        if ambiguous && ticket.conn == self.conn {
            self.slots.take_for_batch(ticket.number);
        }
    }

    /// True if the next documents of a list that was announced with [`WinnersReply::List`] are wanted. They are not while many bytes wait to be sent.
    pub fn wants_winners(&self) -> bool {
        self.slots.is_listing() && self.output.pending().len() < self.max_unsent()
    }

    /// Sends the next documents of the announced list. Later replies wait until all of them are given.
    ///
    /// A part should be a few kilobytes: it is kept in memory until it is sent. On a connection that is closed, or was
    /// given up because no part came in time ([`ServerConfig::reply_timeout`](crate::ServerConfig::reply_timeout), from when
    /// it is wanted), it is dropped without an error.
    ///
    /// # Errors
    /// No list is being sent, or the documents do not agree with its size.
    pub fn put_winners<'a>(
        &mut self,
        now: Instant,
        documents: impl Iterator<Item = &'a str> + Clone,
    ) -> Result<(), ListError> {
        if self.lifecycle.is_closed() || self.slots.is_given_up() {
            return Ok(());
        }
        self.put_documents(now, documents)?;
        self.settle(now);
        Ok(())
    }

    pub(super) fn answer_failure(&mut self, now: Instant, number: u64, failure: Failure<'_>) {
        let answered = self.answer(now, number, &Answer::Rejected { failure, total: 0 });
        debug_assert!(answered.is_ok(), "every dialect can carry a failure");
    }

    /// Answers request `number`.
    pub(super) fn answer(&mut self, now: Instant, number: u64, answer: &Answer<'_>) -> Result<(), TooLarge> {
        let Some(kind) = self.slots.owed(number) else { return Ok(()) };
        let codec = self.dialect.unwrap_or(Dialect::ECHO).server();
        let answer = &match *answer {
            Answer::Rejected { failure, .. } => Answer::Rejected { failure, total: self.stored },
            Answer::Welcome { stored, finished, digest, .. } => {
                Answer::Welcome { stored, finished, window: self.config.window(), digest }
            }
            answer => answer,
        };
        let end = self.slots.answer(number, answer, codec, &mut self.output)?;
        match answer {
            Answer::Rejected { .. } if matches!(kind, Kind::Bet | Kind::Batch) => {
                self.bets_rejected = true;
            }
            Answer::Stored { total } | Answer::Welcome { stored: total, .. } => {
                self.stored = *total;
                self.acknowledged = true;
            }
            Answer::Pending => {
                self.pending.get_or_insert(now);
            }
            _ => {}
        }
        self.answered(now, end);
        Ok(())
    }

    /// Appends the next documents of a list.
    pub(super) fn put_documents<'a>(
        &mut self,
        now: Instant,
        documents: impl Iterator<Item = &'a str> + Clone,
    ) -> Result<(), ListError> {
        let codec = self.dialect.unwrap_or(Dialect::ECHO).server();
        let is_empty = documents.clone().next().is_none();
        let end = self.slots.put_winners(documents, codec, &mut self.output)?;
        if !is_empty {
            self.part_wanted = None;
        }
        self.active = now;
        self.end_with(now, end);
        Ok(())
    }
}
