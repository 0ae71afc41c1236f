//! What is done while there is no room: the store is left alone for a while, longer each time.
//!
//! To find out that there is no room may cost the store a pass over all that it holds, and an attempt at the draw costs one
//! more. So nothing is tried until the pause is over: what is to be stored is refused at once, with what the store said.

use std::time::Duration;

use crate::store::StoreError;

/// The first pause, which doubles each time …
const FIRST: Duration = Duration::from_millis(250);
/// … up to this.
const LONGEST: Duration = Duration::from_secs(4);

/// Whether there is room, as far as is known.
#[derive(Debug)]
pub(super) struct Room {
    /// What the store said, until the pause is over.
    full: Option<StoreError>,
    /// The next pause.
    pause: Duration,
}

impl Default for Room {
    fn default() -> Self {
        Self { full: None, pause: FIRST }
    }
}

impl Room {
    /// That the store is not to be asked, and why.
    ///
    /// # Errors
    /// What it said when it was.
    pub(super) fn check(&self) -> Result<(), StoreError> {
        self.full.clone().map_or(Ok(()), Err)
    }

    /// For how long the store is not to be asked.
    pub(super) fn pause(&self) -> Option<Duration> {
        self.full.is_some().then_some(self.pause)
    }

    /// The pause is over.
    pub(super) fn try_again(&mut self) {
        if self.full.take().is_some() {
            self.pause = LONGEST.min(self.pause * 2);
        }
    }

    /// The store has said that there is none.
    pub(super) fn shut(&mut self, error: &StoreError) {
        self.full = Some(error.clone());
    }

    /// There was some.
    pub(super) fn opened(&mut self) {
        *self = Self::default();
    }
}
