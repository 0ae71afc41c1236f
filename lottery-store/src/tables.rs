//! The tables in `lottery.redb`, and the transactions that write and read them.

mod migrate;
mod schema;
#[cfg(test)]
mod tests;

use std::ops::ControlFlow;

use bytes::Bytes;
use lottery_core::store::{
    AgencyRecord, Draw, EncodedBatch, Group, Rules, Saved, Winners, WinnersList, WinnersPiece,
};
use lottery_proto::ListSize;
use redb::{
    Database, Error, ReadTransaction, ReadableDatabase, ReadableTable, TableHandle, WriteTransaction,
};

use self::schema::{AGENCIES, BATCHES, DRAW, FORMAT, LISTS, META, PIECES, RULES};

/// Maximum size of a value with several batches, in bytes; a longer batch has a value of its own. redb
/// keeps a value of more than 4 KiB in pages of its own, as many as the next power of two: with one batch
/// of `block` in each, half of the written bytes would be empty.
const VALUE_SIZE: usize = 128 * 1024 - 32;

/// Progress of the store.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Position {
    /// Number of groups committed: shows after a failed commit if the last one is in.
    pub(super) groups: u64,
    /// Bytes of all rows.
    pub(super) rows_len: u64,
}

impl Position {
    /// Returns the position after one more group.
    pub(super) fn after(self, group: &Group) -> Self {
        let rows_len: u64 = group.batches.iter().map(|batch| batch.rows().len() as u64).sum();
        Self { groups: self.groups + 1, rows_len: self.rows_len + rows_len }
    }
}

/// Creates the tables in a new database; else checks that they are ours.
pub(super) fn prepare(database: &Database) -> Result<Position, Error> {
    let names: Vec<String> =
        database.begin_read()?.list_tables()?.map(|table| table.name().to_owned()).collect();
    if names.is_empty() {
        let write = database.begin_write()?;
        write.open_table(BATCHES)?;
        write.open_table(AGENCIES)?;
        write.open_table(DRAW)?;
        write.open_table(RULES)?;
        write.open_table(LISTS)?;
        write.open_table(PIECES)?;
        write.open_table(META)?.insert("format", FORMAT)?;
        put_position(&write, Position::default())?;
        write.commit()?;
    } else if !names.iter().any(|name| name == META.name()) {
        return Err(Error::Corrupted("the database of another program".into()));
    }
    let mut format = format(database)?;
    if let Some(version) = format.filter(|version| migrate::FROM.contains(version)) {
        migrate::migrate(database, version)?;
        format = Some(FORMAT);
    }
    if format != Some(FORMAT) {
        let format = format.map_or("none".to_owned(), |found| found.to_string());
        return Err(Error::Corrupted(format!("format version {format}, expected {FORMAT}")));
    }
    // Opening checks that the tables exist and have the right types.
    let read = database.begin_read()?;
    read.open_table(BATCHES)?;
    read.open_table(AGENCIES)?;
    read.open_table(DRAW)?;
    read.open_table(RULES)?;
    read.open_table(LISTS)?;
    read.open_table(PIECES)?;
    position(database)
}

fn format(database: &Database) -> Result<Option<u64>, Error> {
    Ok(database.begin_read()?.open_table(META)?.get("format")?.map(|found| found.value()))
}

/// Reads the progress of the store.
pub(super) fn position(database: &Database) -> Result<Position, Error> {
    let meta = database.begin_read()?.open_table(META)?;
    let value = |name| match meta.get(name)? {
        Some(found) => Ok(found.value()),
        None => Err(Error::Corrupted(format!("no {name} in table meta"))),
    };
    Ok(Position { groups: value("groups")?, rows_len: value("rows_len")? })
}

/// Returns the rows of these batches as values of the table, each of whole batches.
pub(super) fn values(batches: &[EncodedBatch]) -> Vec<Bytes> {
    let mut values = Vec::new();
    let mut rest = batches;
    while !rest.is_empty() {
        let mut size = 0;
        let fits = |batch: &&EncodedBatch| {
            size += batch.rows().len();
            size <= VALUE_SIZE
        };
        let (value, behind) = rest.split_at(rest.iter().take_while(fits).count().max(1));
        values.push(match value {
            [batch] => batch.rows().clone(),
            several => several.iter().map(|batch| &batch.rows()[..]).collect::<Vec<_>>().concat().into(),
        });
        rest = behind;
    }
    values
}

/// Commits a group and its [`values`] in one transaction.
///
/// Syncs are the cost of a commit. redb's default is the right one here: a commit in one phase, which
/// writes the pages and the header that names them and syncs once. After a crash the checksums show if all
/// of it arrived; if not, the header's other half still names the state before. The `recovery` module
/// handles the remains of a failed sync. Two phases would sync twice, only to withstand somebody who
/// chooses bets so that a torn page has the right checksum, and crashes the machine at the right moment.
/// `set_quick_repair` needs two phases, and writes the allocator's state each time, to spare the start
/// after a crash its pass over the file: a fifth of a second for a million bets. A file that grows is
/// synced once more, rarely, since it doubles.
pub(super) fn put(
    database: &Database,
    group: &Group,
    values: &[Bytes],
    after: Position,
) -> Result<(), Error> {
    let write = database.begin_write()?;
    {
        let mut batches = write.open_table(BATCHES)?;
        let next = batches.last()?.map_or(0, |(last, _)| last.value() + 1);
        for (sequence, rows) in (next..).zip(values) {
            batches.insert(sequence, &rows[..])?;
        }
        let mut agencies = write.open_table(AGENCIES)?;
        for (agency, record) in &group.agencies {
            agencies.insert(agency, (record.stored, record.digest, record.finished))?;
        }
    }
    if let Some(rules) = &group.rules {
        write.open_table(RULES)?.insert((), (rules.agencies, rules.winning_number))?;
    }
    if let Some(winners) = &group.winners {
        put_winners(&write, winners)?;
    }
    if let Some(draw) = &group.draw {
        put_draw(&write, draw)?;
    }
    put_position(&write, after)?;
    Ok(write.commit()?)
}

/// Reads everything but the bets.
pub(super) fn saved(database: &Database) -> Result<Saved, Error> {
    saved_at(&database.begin_read()?)
}

/// Reads the same from one state.
pub(super) fn saved_at(read: &ReadTransaction) -> Result<Saved, Error> {
    let mut saved = Saved::default();
    for entry in read.open_table(AGENCIES)?.iter()? {
        let (agency, record) = entry?;
        let (stored, digest, finished) = record.value();
        saved.agencies.insert(agency.value(), AgencyRecord { stored, digest, finished });
    }
    if let Some(found) = read.open_table(RULES)?.get(())? {
        let (agencies, winning_number) = found.value();
        saved.rules = Some(Rules { agencies, winning_number });
    }
    if let Some(found) = read.open_table(DRAW)?.get(())? {
        let (winning_number, agencies) = found.value();
        let mut draw = Draw { winning_number, agencies, winners: [].into() };
        for entry in read.open_table(LISTS)?.iter()? {
            let (agency, list) = entry?;
            let (documents, bytes, longest, pieces) = list.value();
            let longest = usize::try_from(longest).unwrap_or(usize::MAX);
            let size = ListSize { documents, bytes, longest };
            draw.winners.insert(agency.value(), WinnersList { size, pieces });
        }
        saved.draw = Some(draw);
    }
    Ok(saved)
}

/// Reads a piece of an agency's winners list, if it exists.
pub(super) fn piece(database: &Database, agency: u32, number: u64) -> Result<Option<String>, Error> {
    let pieces = database.begin_read()?.open_table(PIECES)?;
    Ok(pieces.get((agency, number))?.map(|found| found.value().to_owned()))
}

/// Passes the values of `batches` from sequence number `from` on to `visit`, in order, until it breaks off.
pub(super) fn batches(
    database: &Database,
    from: u64,
    visit: impl FnMut(u64, &str) -> ControlFlow<()>,
) -> Result<(), Error> {
    batches_at(&database.begin_read()?, from, visit)
}

/// Passes the values of one state.
pub(super) fn batches_at(
    read: &ReadTransaction,
    from: u64,
    mut visit: impl FnMut(u64, &str) -> ControlFlow<()>,
) -> Result<(), Error> {
    for entry in read.open_table(BATCHES)?.range(from..)? {
        let (sequence, rows) = entry?;
        let sequence = sequence.value();
        let Ok(rows) = str::from_utf8(rows.value()) else {
            return Err(Error::Corrupted(format!("value {sequence} of batches is no text")));
        };
        if visit(sequence, rows).is_break() {
            break;
        }
    }
    Ok(())
}

fn put_draw(write: &WriteTransaction, draw: &Draw) -> Result<(), Error> {
    write.open_table(DRAW)?.insert((), (draw.winning_number, draw.agencies))?;
    let mut lists = write.open_table(LISTS)?;
    for (agency, WinnersList { size, pieces }) in &draw.winners {
        lists.insert(agency, (size.documents, size.bytes, size.longest as u64, *pieces))?;
    }
    Ok(())
}

fn put_winners(write: &WriteTransaction, winners: &Winners) -> Result<(), Error> {
    if winners.begins {
        write.delete_table(PIECES)?;
    }
    let mut pieces = write.open_table(PIECES)?;
    for WinnersPiece { agency, number, documents } in &winners.pieces {
        pieces.insert((*agency, *number), documents.as_str())?;
    }
    Ok(())
}

fn put_position(write: &WriteTransaction, position: Position) -> Result<(), Error> {
    let mut meta = write.open_table(META)?;
    meta.insert("groups", position.groups)?;
    meta.insert("rows_len", position.rows_len)?;
    Ok(())
}
