//! Fair turns of connections that share a thread or a processor.

use std::thread;

use lottery_proto::Input;

use super::transfer::PIECE;

/// Work of a turn in bytes; after it, others go on.
const TURN: usize = PIECE;
/// Cost of an input besides its bytes, in bytes.
const INPUT: usize = 1024;

/// Counter of the work that a connection causes, for fairness to the others.
///
/// A driver counts every input that it reports. When the turn [is over](Turn::is_over), it [begins the
/// next](Turn::yield_thread), and lets the other connections of its thread go on: an `await` that yields once.
#[derive(Debug, Default)]
pub struct Turn(usize);

impl Turn {
    /// Counts an input that was handled.
    pub fn count(&mut self, input: Input) {
        let bytes = match input {
            Input::Received(bytes) | Input::Sent(bytes) => bytes,
            _ => 0,
        };
        self.0 = self.0.saturating_add(bytes).saturating_add(INPUT);
    }

    /// Returns true if so much work was counted that others have to go on first.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.0 >= TURN
    }

    /// Yields to the other threads of the system, and begins a new turn.
    ///
    /// The system lets a busy thread run for milliseconds, while the committer waits for a processor several
    /// times for each commit.
    pub fn yield_thread(&mut self) {
        self.0 = 0;
        thread::yield_now();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_turn_is_over_after_16_kib_of_work() {
        let mut turn = Turn::default();
        let mut inputs = |input| {
            turn.yield_thread();
            let counted = (1..1_000_000).find(|_| {
                turn.count(input);
                turn.is_over()
            });
            counted.unwrap()
        };
        assert_eq!(inputs(Input::Received(PIECE)), 1);
        assert_eq!(inputs(Input::Received(PIECE / 2)), 2, "it begins anew");
        assert_eq!(inputs(Input::Received(1)), 16);
        assert_eq!(inputs(Input::Timeout), 16);
        assert_eq!(inputs(Input::Sent(usize::MAX)), 1);
    }

    #[test]
    fn a_turn_stays_over_until_the_next_begins() {
        let mut turn = Turn::default();
        assert!(!turn.is_over());
        turn.count(Input::Received(PIECE));
        assert!(turn.is_over() && turn.is_over());
        turn.count(Input::Received(usize::MAX));
        assert!(turn.is_over());
        turn.yield_thread();
        assert!(!turn.is_over());
    }
}
