//! Filling of a new store with bets, in groups that fit into memory.

use std::collections::BTreeMap;

use lottery_core::digest;
use lottery_core::store::{AgencyRecord, Group, Rows, Store, rows};

use super::TransferError;
use super::csv_rows::Row;

/// Approximate size at which rows are committed as a group, in bytes.
const MAX_GROUP: usize = 1 << 20;

/// Collector of bets into groups, which it commits.
pub(super) struct Filling<'a> {
    store: &'a mut dyn Store,
    group: Group,
    size: usize,
    agencies: BTreeMap<u32, AgencyRecord>,
    digested: Vec<u8>,
}

impl<'a> Filling<'a> {
    pub(super) fn new(store: &'a mut dyn Store) -> Self {
        Self { store, group: Group::default(), size: 0, agencies: BTreeMap::new(), digested: Vec::new() }
    }

    /// Adds a bet behind all others.
    pub(super) fn push(&mut self, row: &Row<'_>) -> Result<(), TransferError> {
        let Row { agency, fields, number } = *row;
        self.digested.clear();
        digest::push_fields(&mut self.digested, fields, number);
        let record = self.agencies.entry(agency).or_default();
        record.stored += 1;
        record.digest = crc32c::crc32c_append(record.digest, &self.digested);
        self.group.agencies.insert(agency, *record);
        let batches = &mut self.group.batches;
        if batches.last().is_none_or(|last| last.agency != agency) {
            batches.push(Rows { agency, bets: 0, text: String::new() });
        }
        if let Some(batch) = batches.last_mut() {
            let before = batch.text.len();
            let [first_name, last_name, document, birthdate] = fields;
            rows::push_row(&mut batch.text, agency, first_name, last_name, document, birthdate, number);
            batch.bets += 1;
            self.size += batch.text.len() - before;
        }
        if self.size >= MAX_GROUP { self.commit() } else { Ok(()) }
    }

    /// Commits the rest. Returns the store, and each agency's number of bets and digest.
    pub(super) fn end(mut self) -> Result<(&'a mut dyn Store, BTreeMap<u32, AgencyRecord>), TransferError> {
        if self.group != Group::default() {
            self.commit()?;
        }
        Ok((self.store, self.agencies))
    }

    fn commit(&mut self) -> Result<(), TransferError> {
        self.store.commit(&std::mem::take(&mut self.group))?;
        self.size = 0;
        Ok(())
    }
}
