//! The life of a connection: which states there are, and what leads from one to the next.

use crate::error::CloseReason;

/// A connection's state, the same for both roles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Requests are taken (centre), or may be sent (agency).
    Open,
    /// Nothing new is taken; what was begun is answered and sent.
    Draining,
    /// Our side has ended; what the peer still sends is dropped until it ends too.
    Lingering,
    /// The socket is to be dropped.
    Closed,
}

/// What changes a connection's state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transition {
    /// The peer has ended its side.
    PeerEnded,
    /// This side has nothing more to say, or refuses to go on.
    WeEnd,
    /// All is sent and our end with it, while the peer's is still open.
    FinSent,
    /// All is sent and both sides have ended.
    BothEnded,
    /// The peer does not do what it must, or the socket failed.
    GaveUp,
}

/// Every way from a state to another. What is not here changes nothing.
pub const TRANSITIONS: &[(State, Transition, State)] = &[
    (State::Open, Transition::PeerEnded, State::Draining),
    (State::Open, Transition::WeEnd, State::Draining),
    (State::Open, Transition::GaveUp, State::Closed),
    (State::Draining, Transition::FinSent, State::Lingering),
    (State::Draining, Transition::BothEnded, State::Closed),
    (State::Draining, Transition::GaveUp, State::Closed),
    (State::Lingering, Transition::PeerEnded, State::Closed),
    (State::Lingering, Transition::GaveUp, State::Closed),
];

/// A connection's state, and why it ends as soon as that is known.
#[derive(Debug)]
pub(crate) struct Lifecycle {
    state: State,
    reason: Option<CloseReason>,
    /// The peer has ended its side.
    pub(crate) peer_ended: bool,
    /// The end has been told to the application.
    told: bool,
}

impl Lifecycle {
    pub(crate) const fn new() -> Self {
        Self { state: State::Open, reason: None, peer_ended: false, told: false }
    }

    pub(crate) const fn state(&self) -> State {
        self.state
    }

    pub(crate) fn is_open(&self) -> bool {
        self.state == State::Open
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.state == State::Closed
    }

    /// Takes the transition, if there is one from here. The first reason counts; but nothing is done well that was
    /// given up before all was sent.
    pub(crate) fn apply(&mut self, transition: Transition, reason: CloseReason) {
        let found = TRANSITIONS.iter().find(|(from, with, _)| (*from, *with) == (self.state, transition));
        if let Some((from, _, to)) = found {
            self.state = *to;
            let spoilt = (*from, transition) == (State::Draining, Transition::GaveUp)
                && self.reason == Some(CloseReason::Done);
            if spoilt || self.reason.is_none() {
                self.reason = Some(reason);
            }
        }
    }

    /// The reason, once, when the connection is closed.
    pub(crate) fn tell(&mut self) -> Option<CloseReason> {
        if !self.is_closed() || self.told {
            return None;
        }
        self.told = true;
        self.reason
    }
}
