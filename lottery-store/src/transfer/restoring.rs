//! Filling of a new store from a backup: the same bets in the same order, the same agencies, the same draw.

use std::collections::BTreeMap;

use lottery_core::committer::hold_draw;
use lottery_core::store::{AgencyRecord, Group, Rules, Store};

use super::csv_rows::CsvRows;
use super::error::{Damage, TransferError};
use super::filling::Filling;
use super::parts::Part;

/// Receiver of the parts of a backup of that name.
pub(super) struct Restoring<'a> {
    name: &'a str,
    filling: Filling<'a>,
    agencies: BTreeMap<u32, AgencyRecord>,
    rules: Option<Rules>,
    /// The rules of the draw, if there was one.
    drawn: Option<Rules>,
}

impl<'a> Restoring<'a> {
    pub(super) fn new(name: &'a str, store: &'a mut dyn Store) -> Self {
        Self { name, filling: Filling::new(store), agencies: BTreeMap::new(), rules: None, drawn: None }
    }

    pub(super) fn put(&mut self, part: Part<'_>) -> Result<(), TransferError> {
        match part {
            Part::Rules(rules) => self.rules = Some(rules),
            Part::Agency(agency, record) => {
                self.agencies.insert(agency, record);
            }
            Part::Draw { winning_number, agencies } => {
                self.drawn = Some(Rules { agencies, winning_number });
            }
            Part::Rows(rows) => {
                let mut rows = CsvRows::new(rows.as_bytes(), u32::MAX);
                while let Some(row) = rows.next_row().map_err(|problem| problem.of(self.name))? {
                    self.filling.push(&row)?;
                }
            }
        }
        Ok(())
    }

    /// Compares the agencies of the complete backup with the bets found, and stores them with the draw.
    pub(super) fn end(self) -> Result<(), TransferError> {
        let Self { name, filling, agencies, rules, drawn } = self;
        let (store, found) = filling.end()?;
        let damaged =
            |what: String| TransferError::Damaged { file: name.to_owned(), damage: Damage::Counts(what) };
        for agency in agencies.keys().chain(found.keys()) {
            let record = |of: &BTreeMap<u32, AgencyRecord>| of.get(agency).copied().unwrap_or_default();
            let (expected, stored) = (record(&agencies), record(&found));
            if (expected.stored, expected.digest) != (stored.stored, stored.digest) {
                return Err(damaged(format!(
                    "agency {agency} has {} bets, expected {}",
                    stored.stored, expected.stored
                )));
            }
        }
        let group = Group { agencies, rules, ..Group::default() };
        if group != Group::default() {
            store.commit(&group)?;
        }
        // The draw is the same, since it is made from the same rows in the same order.
        if let Some(rules) = drawn {
            hold_draw(store, rules)?;
        }
        Ok(())
    }
}
