//! Server's machine for one connection.

mod answers;
mod bare_answers;
mod listing;
mod report;

use std::sync::Arc;

use lottery_proto::server::{Event, RejectedBy, Server};
use lottery_proto::{
    AgencyId, Code, EchoReply, Endpoint, Failure, Input, Instant, Io, ListSize, SocketError, WinnersReply,
};
use lottery_runtime::{Machine, Mailbox, Secured};
use tracing::{debug, warn};

pub use self::bare_answers::BareAnswer;
pub(crate) use self::bare_answers::BareAnswers;
use self::listing::Listing;
use self::report::Report;
use crate::commit_queue::{CommitQueue, Room};
use crate::messages::{Command, Notice, Request};
use crate::peers::{Place, Standing};
use crate::store::EncodedBatch;

/// Reason why an anonymous client does not stand in for an agency.
const ANONYMOUS: &str = "it has finished without saying which agency it is, and --anonymous-finish is off";

/// Failure sent to a peer of which too much was rejected.
const TOO_OFTEN: Failure<'static> =
    Failure { code: Code::Malformed, text: "too much of what was sent was refused" };

/// Failure sent to a peer that has connected without TLS to a server that wants it.
const PLAIN: Failure<'static> =
    Failure { code: Code::Malformed, text: "this server takes connections with TLS only" };

/// Failure sent for a request that was dropped without a reply.
const LOST: Failure<'static> =
    Failure { code: Code::Storage, text: "the request was lost: it may be stored or not" };

/// Settings that all connections of a server share.
#[derive(Clone, Debug, Default)]
pub(crate) struct ConnectionSettings {
    /// Prefix of a line that is sent back (`docs/protocol.md#echo`).
    pub(crate) echo_prefix: String,
    /// True if an anonymous client may stand in for an absent agency.
    pub(crate) anonymous_finish: bool,
    pub(crate) bare_answers: BareAnswers,
}

/// Connection of the server: submits requests to the commit queue, and replies with the results.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts, and a connection is to be small")]
pub struct ServerConnection {
    server: Server,
    commit_queue: Arc<CommitQueue>,
    mailbox: Mailbox<Notice>,
    settings: Arc<ConnectionSettings>,
    report: Report,
    /// True while it waits for room on the commit queue; a notice says when there is some.
    waits_for_room: bool,
    /// Room for the bets that are taken next.
    room: Option<Room>,
    peer_ended: bool,
    /// True while a request on it waits for the draw.
    waits_for_draw: bool,
    /// True if the committer keeps state for it: it waits for the draw or has a session.
    is_counted: bool,
    /// Reason why this side has ended the connection, if it has.
    parting: Option<&'static str>,
    /// List of winners that is being sent. Boxed: most connections have none.
    listing: Option<Box<Listing>>,
}

impl Drop for ServerConnection {
    fn drop(&mut self) {
        if self.is_counted {
            self.tell(Command::Gone(self.server.conn()));
        }
        self.commit_queue.leave(self.server.conn());
    }
}

impl Endpoint for ServerConnection {
    fn poll_io(&mut self) -> Option<Io<'_>> {
        self.server.poll_io()
    }

    fn resets(&self) -> bool {
        self.server.resets()
    }

    fn handle(&mut self, now: Instant, input: Input) {
        self.server.handle(now, input);
        self.take_events(now);
        if input == Input::Eof {
            self.peer_ended = true;
            self.tell_ended();
        }
        self.update_standing(now);
    }
}

impl Machine for ServerConnection {
    type Notice = Notice;

    fn notice(&mut self, now: Instant, notice: Notice) {
        self.server.set_time(now);
        match notice {
            Notice::Stored(submission, outcome) => self.stored(now, submission, &outcome),
            Notice::Hello(ticket, agency, outcome) => self.answer_hello(now, ticket, agency, &outcome),
            Notice::Superseded => self.server.supersede(now),
            Notice::Winners(ticket, agency, won) => self.winners(now, ticket, agency, won),
            Notice::Piece(piece) => self.put_winners(now, &piece),
            Notice::Drawn(ticket) => self.reply(now, ticket, WinnersReply::List(ListSize::default())),
            Notice::TurnedAway(ticket, reason) => self.turn_away(now, ticket, reason),
            Notice::Lost(ticket) => {
                self.parting = Some(LOST.text);
                self.reply(now, ticket, LOST);
                self.server.reject(now, LOST);
            }
            Notice::Displaced => {
                self.parting = Some("it made room for another connection");
                self.server.handle(now, Input::Failed(SocketError::Other));
            }
            Notice::Room => self.waits_for_room = false,
            // The driver polls the machine after each notice.
            Notice::Memory => {}
        }
        self.take_events(now);
        self.update_standing(now);
    }
}

impl Secured for ServerConnection {
    fn identified(&mut self, now: Instant, agency: AgencyId) {
        self.server.speaks_for(agency);
        self.update_standing(now);
    }

    fn refuse_plain(&mut self, now: Instant) {
        self.parting = Some(PLAIN.text);
        self.server.reject(now, PLAIN);
    }
}

impl ServerConnection {
    /// Creates the machine of a connection that has this place.
    pub(crate) fn new(
        server: Server,
        commit_queue: Arc<CommitQueue>,
        mailbox: Mailbox<Notice>,
        settings: Arc<ConnectionSettings>,
        place: Place,
    ) -> Self {
        Self {
            server,
            commit_queue,
            mailbox,
            settings,
            report: Report::new(place),
            waits_for_room: false,
            room: None,
            peer_ended: false,
            waits_for_draw: false,
            is_counted: false,
            parting: None,
            listing: None,
        }
    }

    /// Updates the standing of this connection; called after each input.
    fn update_standing(&mut self, now: Instant) {
        if self.end_if_rejected_too_often(now) {
            self.take_events(now);
        }
        let standing = match self.server.agency() {
            _ if self.waits_for_draw && self.peer_ended => Standing::Ended,
            Some(_) => Standing::Agency,
            None if self.waits_for_draw => Standing::AnonymousWaiter,
            None => Standing::Anonymous,
        };
        self.report.place().set(standing, self.server.last_heard());
    }

    /// Ends a connection of which too much was rejected, and returns true if it does.
    fn end_if_rejected_too_often(&mut self, now: Instant) -> bool {
        let ends = self.parting.is_none() && self.report.is_rejected_too_often();
        if ends {
            self.parting = Some(TOO_OFTEN.text);
            self.server.reject(now, TOO_OFTEN);
        }
        ends
    }

    /// Handles the events of the machine, as long as there is room on the commit queue.
    fn take_events(&mut self, now: Instant) {
        self.ask_for_winners();
        while self.has_room() {
            let ambiguous = self.server.dialect().is_some_and(|dialect| dialect.profile().ambiguous_bets);
            let command = match self.server.poll_event() {
                None => break,
                Some(Event::Hello { ticket, agency, total, .. }) => {
                    self.is_counted = true;
                    self.report.hello(total);
                    Command::Hello(ticket, agency)
                }
                Some(Event::Bet { ticket, agency, bets, .. }) => {
                    Command::store_bet(ticket, agency, bets, self.room.take())
                }
                Some(Event::Batch { ticket, agency, bets, .. }) => {
                    if ambiguous {
                        self.settings.bare_answers.saw_batch(agency);
                    }
                    Command::store_batch(ticket, agency, bets, self.room.take())
                }
                Some(Event::Finished { ticket, agency, .. }) => Command::finish(ticket, agency),
                Some(Event::WinnersQuery { ticket, agency, wait, .. }) => {
                    self.is_counted |= wait;
                    self.waits_for_draw |= wait;
                    Command::Winners { ticket, agency: Some(agency), wait }
                }
                Some(Event::AnonymousWaiter { ticket, .. }) if !self.settings.anonymous_finish => {
                    self.turn_away(now, ticket, ANONYMOUS);
                    continue;
                }
                Some(Event::AnonymousWaiter { ticket, .. }) => {
                    self.is_counted = true;
                    self.waits_for_draw = true;
                    Command::Winners { ticket, agency: None, wait: true }
                }
                Some(Event::Echo { ticket, line, .. }) => {
                    self.report.echo(now, &String::from_utf8_lossy(line.0));
                    let settings = Arc::clone(&self.settings);
                    self.reply(now, ticket, EchoReply(&settings.echo_prefix));
                    continue;
                }
                Some(Event::Rejected { agency, error, .. }) => {
                    if self.report.rejection(now) {
                        let action = match error {
                            RejectedBy::EarlierBets => "agency_finished",
                            _ => "apuesta_recibida",
                        };
                        let agency = agency.map_or_else(|| "unknown".to_owned(), |agency| agency.to_string());
                        let ip = self.report.place().ip();
                        warn!(action, result = "fail", ip = %ip, agency, reason = %error);
                    }
                    self.end_if_rejected_too_often(now);
                    continue;
                }
                Some(Event::Closed(reason)) => {
                    self.report.closed(now, reason, self.parting, self.server.dialect().is_some());
                    continue;
                }
                Some(other) => {
                    debug!(action = "event", result = "fail", event = ?other);
                    continue;
                }
            };
            if let Err(Request { command, .. }) = self.submit(command) {
                self.reject(now, command);
            }
            if self.peer_ended {
                self.tell_ended();
            }
        }
    }

    /// Tells the committer of EOF: the peer may be gone. It no longer stands in for an absent agency, but
    /// still gets its reply.
    fn tell_ended(&self) {
        if self.is_counted {
            self.tell(Command::Ended(self.server.conn()));
        }
    }

    /// Submits a command without a reply. A closed commit queue means that the committer keeps no state any
    /// more.
    fn tell(&self, command: Command) {
        let _ = self.submit(command);
    }

    /// Returns true if an event can be taken: bets need room on the commit queue.
    fn has_room(&mut self) -> bool {
        let (bets, size) = self.server.next_bets();
        if bets == 0 {
            return true;
        }
        if !self.waits_for_room {
            let bytes = EncodedBatch::size_of(bets, size);
            self.room = self.commit_queue.room(self.server.conn(), bytes, &self.mailbox);
            self.waits_for_room = self.room.is_none();
        }
        !self.waits_for_room
    }

    fn submit(&self, command: Command) -> Result<(), Request> {
        let in_session = self.server.dialect().is_some_and(|dialect| dialect.profile().has_sessions);
        let alone = self.server.unanswered() <= 1;
        self.commit_queue.submit(Request { from: self.mailbox.clone(), in_session, alone, command })
    }
}
