//! Lack of room in the store: it is left alone for a while, longer each time.
//!
//! Finding out that there is no room may cost the store a pass over all its data, and an attempt at the draw
//! costs another. So nothing is tried until the pause is over: requests to store are rejected at once, with
//! the store's last error.

use std::time::Duration;

use crate::store::StoreError;

/// First pause; it doubles each time.
const FIRST: Duration = Duration::from_millis(250);
/// Longest pause.
const LONGEST: Duration = Duration::from_secs(4);

/// Lack of room, as far as is known.
#[derive(Debug)]
pub(super) struct FullStore {
    /// Last error of the store, until the pause is over.
    full: Option<StoreError>,
    /// Next pause.
    pause: Duration,
}

impl Default for FullStore {
    fn default() -> Self {
        Self { full: None, pause: FIRST }
    }
}

impl FullStore {
    /// Checks that the store may be tried.
    ///
    /// # Errors
    /// Returns the store's last error while the pause lasts.
    pub(super) fn check(&self) -> Result<(), StoreError> {
        self.full.clone().map_or(Ok(()), Err)
    }

    /// Returns the pause during which the store is not tried, if there is one.
    pub(super) fn pause(&self) -> Option<Duration> {
        self.full.is_some().then_some(self.pause)
    }

    /// Ends the pause.
    pub(super) fn try_again(&mut self) {
        if self.full.take().is_some() {
            self.pause = LONGEST.min(self.pause * 2);
        }
    }

    /// Begins a pause: the store has reported that it has no room.
    pub(super) fn shut(&mut self, error: &StoreError) {
        self.full = Some(error.clone());
    }

    /// Forgets the lack of room: a commit has succeeded.
    pub(super) fn opened(&mut self) {
        *self = Self::default();
    }
}
