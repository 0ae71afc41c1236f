//! Filling of a new store with bets, in groups that fit into memory.

use std::collections::BTreeMap;
use std::mem;

use lottery_core::store::{AgencyRecord, EncodedBatch, Group, Store, rows};

use super::csv_rows::Row;
use super::error::TransferError;

/// Approximate size at which rows are committed as a group, in bytes.
const MAX_GROUP: usize = 1 << 20;

/// Collector of bets into groups, which it commits.
pub(super) struct Filling<'a> {
    store: &'a mut dyn Store,
    group: Group,
    /// Agency, number and rows of the batch that the next bet joins, if it is of the same agency.
    agency: u32,
    bets: u32,
    rows: String,
    /// Size of the rows of the group and the batch, in bytes.
    size: usize,
    agencies: BTreeMap<u32, AgencyRecord>,
}

impl<'a> Filling<'a> {
    pub(super) fn new(store: &'a mut dyn Store) -> Self {
        let (group, rows) = (Group::default(), String::new());
        Self { store, group, agency: 0, bets: 0, rows, size: 0, agencies: BTreeMap::new() }
    }

    /// Adds a bet behind all others.
    pub(super) fn push(&mut self, row: &Row<'_>) -> Result<(), TransferError> {
        let Row { agency, fields, number } = *row;
        if self.agency != agency {
            self.end_batch(agency);
        }
        let [first_name, last_name, document, birthdate] = fields;
        let before = self.rows.len();
        rows::push_row(&mut self.rows, agency, first_name, last_name, document, birthdate, number);
        self.bets += 1;
        self.size += self.rows.len() - before;
        if self.size >= MAX_GROUP { self.commit() } else { Ok(()) }
    }

    /// Commits the rest. Returns the store, and each agency's number of bets and digest.
    pub(super) fn end(mut self) -> Result<(&'a mut dyn Store, BTreeMap<u32, AgencyRecord>), TransferError> {
        if self.size > 0 {
            self.commit()?;
        }
        Ok((self.store, self.agencies))
    }

    /// Adds the batch to the group, and begins one of agency number `next`.
    fn end_batch(&mut self, next: u32) {
        let agency = mem::replace(&mut self.agency, next);
        let (bets, rows) = (mem::take(&mut self.bets), mem::take(&mut self.rows));
        if bets == 0 {
            return;
        }
        let batch = EncodedBatch::from_rows(agency, bets, rows);
        let record = self.agencies.entry(agency).or_default();
        record.stored += u64::from(bets);
        record.digest = batch.digest_after(record.digest);
        self.group.agencies.insert(agency, *record);
        self.group.batches.push(batch);
    }

    fn commit(&mut self) -> Result<(), TransferError> {
        self.end_batch(self.agency);
        self.store.commit(&mem::take(&mut self.group))?;
        self.size = 0;
        Ok(())
    }
}
