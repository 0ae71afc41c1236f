//! Migration of a database of the previous version, which kept all winners of an agency in one value, and
//! no rules.

use lottery_core::store::{PIECE_SIZE, WinnersList};
use lottery_proto::ListSize;
use redb::{Database, Error, ReadableTable, TableDefinition};

use super::schema::{FORMAT, LISTS, META, PIECES, RULES};

/// Version of a database that can be migrated.
pub(super) const FROM: u64 = 1;

pub(super) const WINNERS: TableDefinition<'_, u32, Vec<&str>> = TableDefinition::new("winners");

/// Migrates a database to this version, whole or not at all.
pub(super) fn migrate(database: &Database) -> Result<(), Error> {
    let write = database.begin_write()?;
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
    write.open_table(META)?.insert("format", FORMAT)?;
    Ok(write.commit()?)
}
