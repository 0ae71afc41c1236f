//! Fair turns of connections that share a thread.

use lottery_proto::Input;

use super::transfer::PIECE;

/// Work of a turn in bytes; after it, others go on.
const TURN: usize = PIECE;
/// Cost of an input besides its bytes, in bytes.
const INPUT: usize = 1024;

/// Counter of the work that a connection causes, for fairness to the others on its thread.
#[derive(Debug, Default)]
pub struct Turn(usize);

impl Turn {
    /// Counts an input that was handled. Returns true if the turn is over: the driver has to let others go
    /// on, and a new turn begins.
    ///
    /// At the end of a turn it also yields to other threads: the system lets a busy thread run for
    /// milliseconds, while the committer waits for a processor several times for each commit.
    pub fn is_over(&mut self, input: Input) -> bool {
        let bytes = match input {
            Input::Received(bytes) | Input::Sent(bytes) => bytes,
            _ => 0,
        };
        self.0 = self.0.saturating_add(bytes).saturating_add(INPUT);
        let over = self.0 >= TURN;
        if over {
            self.0 = 0;
            std::thread::yield_now();
        }
        over
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_turn_is_over_after_so_much_work() {
        let mut turn = Turn::default();
        let turns = |input, turn: &mut Turn| (1..1_000_000).find(|_| turn.is_over(input)).unwrap();
        assert_eq!(turns(Input::Received(PIECE), &mut turn), 1);
        assert_eq!(turns(Input::Received(PIECE / 2), &mut turn), 2, "it begins anew");
        assert_eq!(turns(Input::Received(1), &mut turn), 16);
        assert_eq!(turns(Input::Timeout, &mut turn), 16);
        assert_eq!(turns(Input::Sent(usize::MAX), &mut turn), 1);
    }
}
