//! Durable state of each agency, and counts over all of them: kept up to date, as every commit needs them.

use std::collections::BTreeMap;

use crate::store::AgencyRecord;

/// Agencies of which something is durable.
#[derive(Debug, Default)]
pub(super) struct Agencies {
    records: BTreeMap<u32, AgencyRecord>,
    /// Number of agencies that take part, numbered from 1. Others in the store are not counted.
    taking_part: u32,
    known: u32,
    finished: u32,
    /// True if one of those that take part has a bet.
    has_bets: bool,
}

impl Agencies {
    /// Creates the state from the store's records and the number of agencies that take part.
    pub(super) fn new(records: BTreeMap<u32, AgencyRecord>, taking_part: u32) -> Self {
        let mut agencies = Self { taking_part, ..Self::default() };
        agencies.update(records);
        agencies
    }

    /// Returns the durable record of an agency.
    pub(super) fn record(&self, agency: u32) -> AgencyRecord {
        self.records.get(&agency).copied().unwrap_or_default()
    }

    /// Updates the records of a group that is durable.
    pub(super) fn update(&mut self, records: BTreeMap<u32, AgencyRecord>) {
        for (agency, record) in records {
            let before = self.records.insert(agency, record);
            if !(1..=self.taking_part).contains(&agency) {
                continue;
            }
            self.known += u32::from(before.is_none());
            self.has_bets |= record.stored > 0;
            let was_finished = before.is_some_and(|before| before.finished);
            self.finished += u32::from(record.finished);
            self.finished -= u32::from(was_finished);
        }
    }

    /// Returns the number of bets of all agencies in the store.
    pub(super) fn stored(&self) -> u64 {
        self.records.values().map(|record| record.stored).sum()
    }

    /// Returns the number of agencies that take part and are finished.
    pub(super) fn finished(&self) -> u32 {
        self.finished
    }

    /// Returns the number of agencies that take part, have a record and are not finished.
    pub(super) fn unfinished(&self) -> u32 {
        self.known - self.finished
    }

    /// Returns true if an agency that takes part has a bet.
    pub(super) fn has_bets(&self) -> bool {
        self.has_bets
    }

    /// Returns the number of absent agencies: they take part and have no record.
    pub(super) fn absent(&self) -> u32 {
        self.taking_part - self.known
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn counts_equal_those_of_a_walk_over_all_agencies(
            stored in proptest::collection::btree_map(1..9_u32, (any::<bool>(), 0..2_u64), 0..9),
            groups in proptest::collection::vec(
                proptest::collection::btree_map(1..9_u32, (any::<bool>(), 1..3_u64), 0..4), 0..9
            ),
            taking_part in 1..9_u32,
        ) {
            let records = |group: BTreeMap<u32, (bool, u64)>| -> BTreeMap<u32, AgencyRecord> {
                let record = |(finished, stored)| AgencyRecord { stored, finished, ..AgencyRecord::default() };
                group.into_iter().map(|(agency, record_of)| (agency, record(record_of))).collect()
            };
            let mut walked = records(stored);
            let mut agencies = Agencies::new(walked.clone(), taking_part);
            for group in std::iter::once(BTreeMap::new()).chain(groups) {
                walked.extend(records(group.clone()));
                agencies.update(records(group));
                let known: Vec<_> = (1..=taking_part).filter_map(|agency| walked.get(&agency)).collect();
                let finished = known.iter().filter(|record| record.finished).count();
                prop_assert_eq!(agencies.finished() as usize, finished);
                prop_assert_eq!(agencies.has_bets(), known.iter().any(|record| record.stored > 0));
                prop_assert_eq!(agencies.unfinished() as usize, known.len() - finished);
                prop_assert_eq!(agencies.absent() as usize, taking_part as usize - known.len());
            }
        }
    }
}
