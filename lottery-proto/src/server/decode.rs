//! Decoding of the message at the front of the receive buffer, when the application asks for it.

use core::mem;
use core::ops::Range;

use super::Server;
use super::event::{Event, RejectedBy};
use crate::bet::AgencyId;
use crate::error::{DecodeError, Problem};
use crate::wire::{Kind, PendingReply, Rejection, Request};

/// Whole message at the front of the receive buffer, which waits for the application.
#[derive(Debug)]
pub(super) struct Front {
    /// Its length, in bytes; 0 for the rest of a message that asks for two things.
    pub(super) len: usize,
    /// Result of its decoding, once the application has asked.
    pub(super) decoded: Option<Result<Request, Rejection>>,
}

/// Decision about the message at the front.
#[derive(Clone, Copy, Debug)]
pub(super) enum Step {
    /// There is none, or it has to wait.
    Wait,
    /// It is handed out.
    HandOut,
    /// It is rejected.
    Reject(RejectedBy),
}

impl Front {
    /// Returns the request, if it is decoded and valid.
    pub(super) fn request(&self) -> Option<&Request> {
        self.decoded.as_ref()?.as_ref().ok()
    }

    /// Returns the memory besides the receive buffer, in bytes.
    pub(super) fn memory(&self) -> usize {
        match &self.decoded {
            Some(Ok(request)) => request.echo.len(),
            Some(Err(Rejection { due: Some(due), .. })) => due.echo.len(),
            _ => 0,
        }
    }
}

impl Server {
    /// Returns the length of the whole message at the front, in bytes; 0 if there is none.
    pub(super) fn waiting(&self) -> usize {
        self.front.as_ref().map_or(0, |front| front.len)
    }

    /// Decodes the message at the front, and decides what becomes of it.
    pub(super) fn next_step(&mut self) -> Step {
        if !self.takes_requests() {
            return Step::Wait;
        }
        self.decode();
        let stops = self.stops_at_a_rejection();
        let (step, waits) = match self.front.as_ref().and_then(|front| front.decoded.as_ref()) {
            None => return Step::Wait,
            Some(Err(rejection)) => (Step::Reject(rejection.error.into()), stops),
            Some(Ok(request)) => {
                let is_last = matches!(request.kind, Kind::Finished | Kind::AwaitWinners);
                let is_doomed = self.bets_rejected && (is_last || (stops && request.kind != Kind::Hello));
                let step = if is_doomed { Step::Reject(RejectedBy::EarlierBets) } else { Step::HandOut };
                (step, is_last || is_doomed || request.kind == Kind::Winners)
            }
        };
        // Until everything before it is answered: a Finished waits for all bets, in a session a rejection names what is
        // stored, and a list of winners may be long.
        if waits && !self.slots.is_empty() { Step::Wait } else { step }
    }

    /// Decodes the message at the front. Ends the connection if its dialect does not go on after such a message.
    fn decode(&mut self) {
        let (Some(Front { len, decoded: None }), Some(dialect)) = (&self.front, self.dialect) else { return };
        let codec = dialect.server();
        let request = codec.request(self.recv.bytes_mut(0, *len), &mut self.spans);
        match self.check(request) {
            Err(Rejection { error, due }) if !codec.goes_on_after(&error) => {
                self.front = None;
                self.violated(self.now, error, due);
                self.settle(self.now);
            }
            decoded => {
                if let Some(front) = &mut self.front {
                    front.decoded = Some(decoded);
                }
            }
        }
    }

    /// Takes the message at the front, and returns the reply that it is owed, if that is known.
    pub(super) fn due_at_front(&mut self) -> Option<PendingReply> {
        let Front { len, decoded } = self.front.take()?;
        let codec = self.dialect?.server();
        match decoded.unwrap_or_else(|| codec.request(self.recv.bytes_mut(0, len), &mut self.spans)) {
            Ok(mut request) => Some(owed(&mut request)),
            Err(rejection) => rejection.due,
        }
    }

    /// Checks the agency that a message names, and puts that of the connection in its place.
    fn check(&mut self, request: Result<Request, Rejection>) -> Result<Request, Rejection> {
        match request {
            // END names no agency, and is that of the connection.
            Ok(mut request) => {
                match self.bind(request.agency.or(self.agency.filter(|_| request.awaits_winners))) {
                    Ok(()) => {
                        request.agency = self.agency;
                        // A client that has named no agency has no bets to finish: it only waits for the draw.
                        if request.awaits_winners && self.agency.is_none() {
                            request.kind = Kind::AwaitWinners;
                        }
                        let may_be_anonymous = matches!(request.kind, Kind::AwaitWinners | Kind::Echo);
                        if self.agency.is_none() && !may_be_anonymous {
                            let error = DecodeError::new(0, Problem::Expected("an agency"));
                            return Err(Rejection { error, due: Some(owed(&mut request)) });
                        }
                        Ok(request)
                    }
                    Err(error) => Err(Rejection { error, due: Some(owed(&mut request)) }),
                }
            }
            Err(Rejection { error, due }) => {
                let named = due.as_ref().and_then(|owed| AgencyId::new(owed.agency));
                let error = self.bind(named).err().unwrap_or(error);
                Err(Rejection { error, due })
            }
        }
    }

    /// Takes the request at the front. Returns the number of its reply, and the place of the message.
    pub(super) fn take_front(&mut self) -> Option<(u64, Request, Range<usize>)> {
        let Front { len, decoded } = self.front.take()?;
        let mut request = decoded?.ok()?;
        let number = self.slots.push(owed(&mut request), self.now);
        self.heard = self.now;
        let message = self.recv.take_place(len);
        let alone = self.dialect.is_some_and(|dialect| dialect.profile().one_message);
        self.last_came |= request.awaits_winners || alone;
        if request.awaits_winners && self.agency.is_some() {
            let rest = Request::new(Kind::AwaitWinners, self.agency);
            self.front = Some(Front { len: 0, decoded: Some(Ok(rest)) });
        }
        self.frame();
        self.arm(self.now);
        Some((number, request, message))
    }

    /// Rejects the message at the front.
    pub(super) fn reject_front(&mut self, error: RejectedBy) -> Option<Event<'static>> {
        let Front { len, decoded } = self.front.take()?;
        let due = match decoded? {
            Ok(mut request) => Some(owed(&mut request)),
            Err(rejection) => rejection.due,
        };
        let named = due.as_ref().and_then(|owed| AgencyId::new(owed.agency));
        // A message that was not understood may have held bets.
        self.bets_rejected |= due.is_none();
        let number = self.slots.push(due.unwrap_or(PendingReply::new(Kind::Unknown, 0)), self.now);
        self.recv.take(len);
        self.answer_rejection(number, error);
        self.frame();
        self.arm(self.now);
        Some(Event::Rejected { agency: named.or(self.agency), error })
    }
}

/// Returns the reply that a request is owed. Takes the bytes that it repeats.
fn owed(request: &mut Request) -> PendingReply {
    let agency = request.agency.map_or(0, AgencyId::get);
    PendingReply { kind: request.kind, agency, echo: mem::take(&mut request.echo) }
}
