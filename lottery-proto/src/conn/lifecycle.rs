//! Life cycle of a connection: its states and the transitions between them (`docs/protocol.md#ending-a-connection`).

use alloc::boxed::Box;

use crate::close_reason::CloseReason;

/// State of a connection, the same for both roles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum State {
    /// Requests are taken (server) or may be sent (client).
    Open,
    /// No new request is taken; requests that were begun are answered and sent.
    Draining,
    /// Our FIN is sent; bytes that still come are dropped until the peer's FIN.
    Lingering,
    /// The socket is to be dropped.
    Closed,
}

/// Events that change the state of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Transition {
    /// The peer has ended its side.
    PeerEnded,
    /// This side has nothing more to send, or does not go on.
    WeEnd,
    /// Everything is sent, our FIN included; the peer's side is still open.
    FinSent,
    /// Everything is sent and both sides have ended.
    BothEnded,
    /// The peer missed a deadline, or the socket failed.
    GaveUp,
}

/// Table of all transitions. An event that is not listed for a state changes nothing.
const TRANSITIONS: &[(State, Transition, State)] = &[
    (State::Open, Transition::PeerEnded, State::Draining),
    (State::Open, Transition::WeEnd, State::Draining),
    (State::Open, Transition::GaveUp, State::Closed),
    (State::Draining, Transition::FinSent, State::Lingering),
    (State::Draining, Transition::BothEnded, State::Closed),
    (State::Draining, Transition::GaveUp, State::Closed),
    (State::Lingering, Transition::PeerEnded, State::Closed),
    (State::Lingering, Transition::GaveUp, State::Closed),
];

/// State of a connection, and the reason for its end as soon as it is known.
#[derive(Debug)]
pub(crate) struct Lifecycle {
    state: State,
    /// Boxed: it is large, and there is none until the end.
    reason: Option<Box<CloseReason>>,
    /// True once the peer has ended its side.
    pub(crate) peer_ended: bool,
    /// True once the end was reported to the application.
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

    /// Applies the transition, if the table has one from the present state. The first reason is kept, except that
    /// `Done` gives way if the connection is given up before everything is sent.
    pub(crate) fn apply(&mut self, transition: Transition, reason: CloseReason) {
        let found = TRANSITIONS.iter().find(|(from, with, _)| (*from, *with) == (self.state, transition));
        if let Some((from, _, to)) = found {
            self.state = *to;
            let spoilt = (*from, transition) == (State::Draining, Transition::GaveUp)
                && self.reason.as_deref() == Some(&CloseReason::Done);
            if spoilt || self.reason.is_none() {
                self.reason = Some(Box::new(reason));
            }
        }
    }

    /// Replaces the reason `Done` of a connection that ends without all of its replies.
    pub(crate) fn spoil(&mut self, reason: CloseReason) {
        if self.reason.as_deref() == Some(&CloseReason::Done) {
            self.reason = Some(Box::new(reason));
        }
    }

    /// Returns the reason once, when the connection is closed.
    pub(crate) fn tell(&mut self) -> Option<CloseReason> {
        if !self.is_closed() || self.told {
            return None;
        }
        self.told = true;
        self.reason.as_deref().copied()
    }
}

#[cfg(test)]
mod tests {
    use alloc::format;
    use alloc::string::String;
    use alloc::vec::Vec;

    use super::*;

    const README: &str = include_str!("../../README.md");

    #[test]
    fn the_diagram_shows_every_transition_and_no_other() {
        let (_, rest) = README.split_once("```mermaid\nstateDiagram-v2\n").expect("there is a diagram");
        let (diagram, _) = rest.split_once("```").expect("it ends");
        let (start, shown): (Vec<&str>, Vec<&str>) =
            diagram.lines().map(str::trim).partition(|line| line.starts_with("[*]"));
        assert_eq!(start, ["[*] --> Open"]);
        let table: Vec<String> = TRANSITIONS
            .iter()
            .map(|(from, transition, to)| format!("{from:?} --> {to:?}: {transition:?}"))
            .collect();
        assert_eq!(shown, table);
    }

    #[test]
    fn a_state_and_a_transition_lead_to_one_state_and_none_leads_out_of_closed() {
        let mut seen = Vec::new();
        for (from, transition, to) in TRANSITIONS {
            assert_ne!(from, to);
            assert_ne!(*from, State::Closed);
            assert!(!seen.contains(&(*from, *transition)));
            seen.push((*from, *transition));
        }
    }
}
