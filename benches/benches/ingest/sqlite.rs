//! Groups stored by SQLite: a transaction for each, and an `INSERT` for each bet.

use std::path::Path;

use lottery_proto::block;
use rusqlite::{Connection, Transaction};

use crate::sink::{Keep, batches};

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
    fn keep(&mut self, group: &[u8]) {
        let transaction = self.0.transaction().expect("there is no other");
        insert(&transaction, group).expect("the database works");
        transaction.commit().expect("the database works");
    }
}

fn insert(transaction: &Transaction<'_>, group: &[u8]) -> rusqlite::Result<()> {
    let mut insert = transaction.prepare("INSERT INTO bets VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?;
    for batch in batches(group) {
        let mut done = Ok(0);
        block::decode_batch(batch, |bet| {
            let (names, rest) = ([bet.first_name(), bet.last_name()], [bet.document(), bet.birthdate()]);
            let row = (batch[1], names[0], names[1], rest[0], rest[1], bet.number());
            if done.is_ok() {
                done = insert.execute(row);
            }
        })
        .expect("a valid batch");
        done?;
    }
    Ok(())
}
