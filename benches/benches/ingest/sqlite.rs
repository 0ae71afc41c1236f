//! Groups stored by SQLite: a transaction for each, and an `INSERT` for each bet.

use std::path::Path;

use lottery_proto::block::{self, BLOCK_SIZE};
use rusqlite::{Connection, Transaction};

use crate::sink::Keep;

/// Table that groups are stored in.
#[derive(Debug)]
pub(crate) struct Sqlite(Connection);

impl Sqlite {
    /// Creates a new database in that directory.
    pub(crate) fn new(dir: &Path) -> Self {
        let database = Connection::open(dir.join("bets.sqlite")).expect("a new database");
        database
            .execute_batch(
                "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
                 CREATE TABLE bets (agency INTEGER NOT NULL, first_name TEXT NOT NULL, last_name TEXT NOT NULL,
                                    document TEXT NOT NULL, birthdate TEXT NOT NULL, number INTEGER NOT NULL);",
            )
            .expect("the database works");
        Self(database)
    }
}

impl Keep for Sqlite {
    fn keep(&mut self, blocks: &[u8]) {
        let group = self.0.transaction().expect("there is no other");
        insert(&group, blocks).expect("the database works");
        group.commit().expect("the database works");
    }
}

fn insert(group: &Transaction<'_>, blocks: &[u8]) -> rusqlite::Result<()> {
    let mut insert = group.prepare("INSERT INTO bets VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?;
    for block in blocks.chunks_exact(BLOCK_SIZE) {
        let mut done = Ok(0);
        block::decode_batch(block, |bet| {
            let (names, rest) = ([bet.first_name(), bet.last_name()], [bet.document(), bet.birthdate()]);
            let row = (block[1], names[0], names[1], rest[0], rest[1], bet.number());
            if done.is_ok() {
                done = insert.execute(row);
            }
        })
        .expect("a valid batch");
        done?;
    }
    Ok(())
}
