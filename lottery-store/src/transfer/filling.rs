//! Filling of a new store with bets, in groups that fit into memory.

use std::collections::BTreeMap;
use std::mem;
use std::sync::Arc;

use lottery_core::store::{AgencyRecord, EncodedBatch, Group, Store};

use super::csv_rows::Row;
use super::error::TransferError;

/// Approximate size at which rows are committed as a group, in bytes.
const MAX_GROUP: usize = 1 << 20;

/// Collector of bets into groups, which it commits.
pub(super) struct Filling<'a> {
    store: &'a mut dyn Store,
    group: Group,
    /// Batch that the next bet joins, if it is of the same agency.
    batch: EncodedBatch,
    /// Size of the rows of the group and the batch, in bytes.
    size: usize,
    agencies: BTreeMap<u32, AgencyRecord>,
}

impl<'a> Filling<'a> {
    pub(super) fn new(store: &'a mut dyn Store) -> Self {
        let (group, batch) = (Group::default(), EncodedBatch::new(0));
        Self { store, group, batch, size: 0, agencies: BTreeMap::new() }
    }

    /// Adds a bet behind all others.
    pub(super) fn push(&mut self, row: &Row<'_>) -> Result<(), TransferError> {
        let Row { agency, fields, number } = *row;
        if self.batch.agency() != agency {
            self.end_batch(agency);
        }
        let before = self.batch.rows().len();
        self.batch.push(fields, number);
        self.size += self.batch.rows().len() - before;
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
        let batch = mem::replace(&mut self.batch, EncodedBatch::new(next));
        if batch.bets() == 0 {
            return;
        }
        let agency = batch.agency();
        let record = self.agencies.entry(agency).or_default();
        record.stored += u64::from(batch.bets());
        record.digest = batch.digest_after(record.digest);
        self.group.agencies.insert(agency, *record);
        self.group.batches.push(Arc::new(batch));
    }

    fn commit(&mut self) -> Result<(), TransferError> {
        self.end_batch(self.batch.agency());
        self.store.commit(&mem::take(&mut self.group))?;
        self.size = 0;
        Ok(())
    }
}
