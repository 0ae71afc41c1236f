//! Migration of a database of an earlier version, step by step.
//!
//! | version | differs by |
//! | --- | --- |
//! | 1 | all winners of an agency in one value, and no rules |
//! | 2 | a digest over `first_name\|last_name\|document\|birthdate\|number` and a line feed for each bet |

use std::collections::BTreeMap;

use lottery_core::store::{PIECE_SIZE, WinnersList, rows};
use lottery_proto::ListSize;
use redb::{Database, Error, ReadableTable, TableDefinition, WriteTransaction};

use super::schema::{AGENCIES, BATCHES, FORMAT, LISTS, META, PIECES, RULES};

/// Versions of a database that can be migrated: from the first to the one before this.
pub(super) const FROM: std::ops::Range<u64> = 1..FORMAT;

pub(super) const WINNERS: TableDefinition<'_, u32, Vec<&str>> = TableDefinition::new("winners");

/// Migrates a database of this version, whole or not at all.
pub(super) fn migrate(database: &Database, version: u64) -> Result<(), Error> {
    let write = database.begin_write()?;
    if version < 2 {
        divide_winners(&write)?;
    }
    compute_digests(&write)?;
    write.open_table(META)?.insert("format", FORMAT)?;
    Ok(write.commit()?)
}

/// Stores the winners in pieces.
fn divide_winners(write: &WriteTransaction) -> Result<(), Error> {
    {
        write.open_table(RULES)?;
        let winners = write.open_table(WINNERS)?;
        let (mut lists, mut pieces) = (write.open_table(LISTS)?, write.open_table(PIECES)?);
        for entry in winners.iter()? {
            let (agency, documents) = entry?;
            let (agency, documents) = (agency.value(), documents.value());
            let mut list = WinnersList { size: ListSize::of(documents.iter().copied()), pieces: 0 };
            let mut piece = String::new();
            for (nth, document) in (1..).zip(&documents) {
                piece.push_str(document);
                piece.push('\n');
                if nth == documents.len() || piece.len() + documents[nth].len() >= PIECE_SIZE {
                    pieces.insert((agency, list.pieces), piece.as_str())?;
                    piece.clear();
                    list.pieces += 1;
                }
            }
            let WinnersList { size, pieces } = list;
            lists.insert(agency, (size.documents, size.bytes, size.longest as u64, pieces))?;
        }
    }
    write.delete_table(WINNERS)?;
    Ok(())
}

/// Computes the digest of every agency from its rows.
fn compute_digests(write: &WriteTransaction) -> Result<(), Error> {
    let mut digests = BTreeMap::<u32, u32>::new();
    for entry in write.open_table(BATCHES)?.iter()? {
        let (sequence, value) = entry?;
        let damaged =
            |what: String| Error::Corrupted(format!("value {} of batches: {what}", sequence.value()));
        let text = str::from_utf8(value.value()).map_err(|_| damaged("no text".to_owned()))?;
        rows::for_each_whole_row(text, |agency, row| {
            let digest = digests.entry(agency).or_default();
            *digest = crc32c::crc32c_append(*digest, row.as_bytes());
        })
        .map_err(|error| damaged(error.to_string()))?;
    }
    let mut agencies = write.open_table(AGENCIES)?;
    let mut records = Vec::new();
    for entry in agencies.iter()? {
        let (agency, record) = entry?;
        let (agency, (stored, _, finished)) = (agency.value(), record.value());
        records.push((agency, (stored, digests.get(&agency).copied().unwrap_or_default(), finished)));
    }
    for (agency, record) in records {
        agencies.insert(agency, record)?;
    }
    Ok(())
}
