//! Draw: reads every durable row once, and stores the winners as it finds them.
//!
//! It holds a few winners in memory, and a count for each agency. The last commit stores the draw: winners
//! stored before it are void without it, and the next attempt begins anew.

use std::collections::BTreeMap;
use std::mem;
use std::ops::ControlFlow;

use tracing::info;

use super::Committer;
use super::opening::GATHERED;
use crate::store::rows::{self, RowError};
use crate::store::{Draw, Group, PIECE_SIZE, Rules, Store, StoreError, Winners, WinnersList, WinnersPiece};

impl<S: Store> Committer<S> {
    /// Returns true if all agencies are finished. Anonymous clients stand in for absent agencies once there
    /// is a bet: alone they cause no draw.
    pub(super) fn is_draw_due(&self) -> bool {
        let absent = usize::try_from(self.agencies.absent()).unwrap_or(usize::MAX);
        let anonymous = if self.agencies.has_bets() { self.waiters.anonymous() } else { 0 };
        self.agencies.unfinished() == 0 && absent <= anonymous
    }

    /// Draws if the draw is due and has not taken place: from durable bets, and durably.
    pub(super) fn draw_if_due(&mut self) -> Result<(), StoreError> {
        if self.draw.is_some() || !self.is_draw_due() {
            return Ok(());
        }
        let rules = (!self.rules_are_stored).then_some(self.rules);
        let rest = Group { rules, ..Group::default() };
        let draw = hold(&mut self.store, self.rules, self.gathered, rest)?;
        self.rules_are_stored = true;
        self.draw = Some(draw);
        self.full.opened();
        info!(action = "sorteo", result = "success");
        Ok(())
    }
}

/// Draws over all rows of a store, and makes the draw durable.
///
/// # Errors
/// Fails if the store cannot be read or written.
pub fn hold_draw(store: &mut dyn Store, rules: Rules) -> Result<(), StoreError> {
    hold(store, rules, GATHERED, Group::default()).map(|_| ())
}

/// Draws, and makes the draw durable together with `rest`, a group without bets. About `max` bytes of
/// winners are held in memory before they are stored.
pub(super) fn hold<S: Store + ?Sized>(
    store: &mut S,
    Rules { agencies, winning_number }: Rules,
    max: usize,
    rest: Group,
) -> Result<Draw, StoreError> {
    let mut drawing = Drawing { winning_number, begins: true, ..Drawing::default() };
    let mut place = 0;
    loop {
        let mut looked = Ok(());
        let mut all = true;
        place = store.read_from(place, &mut |text| {
            looked = drawing.look(text);
            if looked.is_err() || drawing.gathered >= max {
                all = false;
                return ControlFlow::Break(());
            }
            ControlFlow::Continue(())
        })?;
        looked.map_err(|error| StoreError::Failed {
            place: "the stored bets".to_owned(),
            cause: error.to_string(),
        })?;
        let winners = Some(drawing.take());
        if !all {
            store.commit(&Group { winners, ..Group::default() })?;
            continue;
        }
        let winners_of = |(agency, found): (u32, Found)| (agency, found.list);
        let lists = drawing.found.into_iter().map(winners_of).collect();
        let draw = Draw { winning_number, agencies, winners: lists };
        store.commit(&Group { winners, draw: Some(draw.clone()), ..rest })?;
        return Ok(draw);
    }
}

/// Winners found so far.
#[derive(Debug, Default)]
struct Drawing {
    winning_number: u32,
    found: BTreeMap<u32, Found>,
    /// Pieces that are not stored.
    pieces: Vec<WinnersPiece>,
    /// Number of bytes of documents that are not stored.
    gathered: usize,
    begins: bool,
}

/// Winners of an agency, and the beginning of their next piece.
#[derive(Debug, Default)]
struct Found {
    list: WinnersList,
    next: String,
}

impl Found {
    /// Ends the next piece and returns it.
    fn piece(&mut self, agency: u32) -> WinnersPiece {
        let number = self.list.pieces;
        self.list.pieces += 1;
        WinnersPiece { agency, number, documents: mem::take(&mut self.next) }
    }
}

impl Drawing {
    fn look(&mut self, text: &str) -> Result<(), RowError> {
        let Self { winning_number, found, pieces, gathered, .. } = self;
        rows::for_each_row(text, |agency, document, number| {
            if number != *winning_number {
                return;
            }
            let found = found.entry(agency).or_default();
            if found.next.len() + document.len() >= PIECE_SIZE {
                pieces.push(found.piece(agency));
            }
            found.list.size.add(document);
            found.next.push_str(document);
            found.next.push('\n');
            *gathered += document.len() + 1;
        })
    }

    /// Returns all winners that are not stored.
    fn take(&mut self) -> Winners {
        let mut pieces = mem::take(&mut self.pieces);
        let begun = self.found.iter_mut().filter(|(_, found)| !found.next.is_empty());
        pieces.extend(begun.map(|(agency, found)| found.piece(*agency)));
        self.gathered = 0;
        Winners { begins: mem::take(&mut self.begins), pieces }
    }
}
