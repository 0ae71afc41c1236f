//! Store that draws when all agencies but one are finished.

use std::ops::ControlFlow;

use lottery_core::committer::hold_draw;
use lottery_core::store::{Group, Saved, Store, StoreError, WinnersPiece};

/// Store that holds a draw by itself, without being told to.
#[derive(Debug)]
pub(crate) struct EarlyDraw<S>(pub(crate) S);

impl<S: Store> Store for EarlyDraw<S> {
    fn load(&mut self) -> Result<Saved, StoreError> {
        self.0.load()
    }

    fn commit(&mut self, group: &Group) -> Result<(), StoreError> {
        self.0.commit(group)?;
        let Saved { agencies, rules, draw } = self.0.load()?;
        let Some(rules) = rules.filter(|_| draw.is_none()) else { return Ok(()) };
        let finished = agencies.values().filter(|agency| agency.finished).count();
        if u32::try_from(finished).is_ok_and(|finished| finished + 1 >= rules.agencies) {
            hold_draw(&mut self.0, rules)?;
        }
        Ok(())
    }

    fn read_from(
        &self,
        place: u64,
        visit: &mut dyn FnMut(&str) -> ControlFlow<()>,
    ) -> Result<u64, StoreError> {
        self.0.read_from(place, visit)
    }

    fn winners(&self, agency: u32, number: u64) -> Result<WinnersPiece, StoreError> {
        self.0.winners(agency, number)
    }
}
