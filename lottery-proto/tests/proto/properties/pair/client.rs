//! Client that sends its bets as fast as it may, then Finished, and asks for its winners until it gets them.

use std::collections::VecDeque;
use std::time::Duration;

use lottery_proto::client::Event;
use lottery_proto::{Client, CloseReason, DialectProfile, Instant, WinnersFlow};
use lottery_testkit::bet;

/// Tasks of the client, in order.
#[derive(Clone, Debug)]
pub(super) enum Task {
    Batch(Vec<String>),
    Bet(String),
    Finished,
}

pub(super) struct ClientSide {
    pub(super) client: Client,
    pub(super) profile: DialectProfile,
    /// True if this server leaves it to the client to end a connection on which nothing more is to be sent.
    pub(super) leaves: bool,
    pub(super) tasks: VecDeque<Task>,
    pub(super) ask_at: Option<Instant>,
    /// True if the winners query may be sent on this connection.
    pub(super) may_ask: bool,
    pub(super) pause: Duration,
    pub(super) acks: usize,
    pub(super) finished: Option<bool>,
    pub(super) winners: Option<Vec<String>>,
    pub(super) closed: Option<CloseReason>,
    /// Bets of the last message.
    pub(super) in_flight: Vec<String>,
    /// Bets that were acknowledged, in a dialect with a connection for each message.
    pub(super) acknowledged: Vec<String>,
}

impl ClientSide {
    pub(super) fn run(&mut self, now: Instant) {
        while self.client.can_send()
            && let Some(task) = self.tasks.pop_front()
        {
            match task {
                Task::Batch(mut bets) => {
                    let all: Vec<_> = bets.iter().map(|text| bet(text)).collect();
                    let taken = self.client.send_batch(now, &all).unwrap();
                    self.in_flight = bets.drain(..taken).collect();
                    if !bets.is_empty() {
                        self.tasks.push_front(Task::Batch(bets));
                    }
                }
                Task::Bet(text) => {
                    self.client.send_bet(now, &bet(&text)).unwrap();
                    self.in_flight = vec![text];
                }
                Task::Finished => self.client.send_finished(now).unwrap(),
            }
        }
        // Without Finished, and with more than one message on a connection, nothing else ends it.
        if !self.profile.has_finished && self.tasks.is_empty() && self.client.can_send() {
            self.client.close(now);
        }
        // Dialects with a connection for each query allow one on this connection.
        if self.ask_at.is_some_and(|at| at <= now) && self.may_ask && self.client.can_send() {
            self.may_ask = self.profile.winners_flow == WinnersFlow::SameConnection;
            self.ask_at = None;
            self.client.ask_winners(now).unwrap();
        }
        while let Some(event) = self.client.poll_event() {
            assert_eq!(self.closed, None, "Closed is the last event");
            match event {
                // The server of the test records rejected batches; they are skipped here.
                Event::Bet(outcome) | Event::Batch(outcome) if self.profile.one_message => {
                    self.acknowledged
                        .extend(outcome.map(|_| std::mem::take(&mut self.in_flight)).unwrap_or_default());
                    self.leave(now);
                }
                Event::Bet(_) => self.acks += 1,
                Event::Rejected(_) if self.profile.one_message => self.leave(now),
                Event::Batch(_) | Event::Rejected(_) => {}
                Event::Finished(outcome) => {
                    let stored = outcome.is_ok();
                    self.finished = Some(stored);
                    self.ask_at = match self.profile.winners_flow {
                        WinnersFlow::SameConnection => Some(now),
                        WinnersFlow::NewConnection => stored.then_some(now),
                        WinnersFlow::WithFinished | WinnersFlow::Never => None,
                    };
                    self.leave(now);
                }
                Event::Pending => {
                    self.ask_at = Some(now.after(self.pause));
                    self.pause *= 2;
                    self.leave(now);
                }
                Event::Winners(documents) => {
                    self.winners = Some(documents.map(str::to_string).collect());
                    self.client.close(now);
                    self.tasks.clear();
                }
                Event::Closed(reason) => self.closed = Some(reason),
                other => panic!("{other:?}"),
            }
        }
    }

    /// Ends the connection, if the server does not.
    fn leave(&mut self, now: Instant) {
        if self.leaves
            && (self.profile.one_message || self.profile.winners_flow != WinnersFlow::SameConnection)
        {
            self.client.close(now);
        }
    }
}
