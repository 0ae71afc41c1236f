//! Tests that every failure below the tables is passed on: of each read, write and sync of each operation,
//! one after another.

use std::io;
use std::sync::{Arc, Mutex};

use lottery_testkit::crc32c;
use redb::{Builder, StorageBackend, TableDefinition};

use super::*;

/// Disk in memory of which one operation fails.
#[derive(Debug, Default)]
struct Disk {
    bytes: Vec<u8>,
    /// Number of operations that succeed before the failure.
    fails_after: Option<usize>,
}

#[derive(Debug, Clone, Default)]
struct Shared(Arc<Mutex<Disk>>);

impl Shared {
    fn with(bytes: Vec<u8>) -> Self {
        Self(Arc::new(Mutex::new(Disk { bytes, fails_after: None })))
    }

    fn fail_after(&self, operations: Option<usize>) {
        self.0.lock().unwrap().fails_after = operations;
    }

    /// True until the failure has happened.
    fn is_to_fail(&self) -> bool {
        self.0.lock().unwrap().fails_after.is_some()
    }

    fn does<T>(&self, does: impl FnOnce(&mut Vec<u8>) -> T) -> io::Result<T> {
        let mut disk = self.0.lock().unwrap();
        match disk.fails_after {
            Some(0) => {
                disk.fails_after = None;
                return Err(io::Error::other("told to"));
            }
            Some(more) => disk.fails_after = Some(more - 1),
            None => {}
        }
        Ok(does(&mut disk.bytes))
    }

    /// Opens a database that keeps nothing in memory.
    fn database(&self) -> Database {
        Builder::new().set_cache_size(0).create_with_backend(self.clone()).unwrap()
    }

    fn bytes(&self) -> Vec<u8> {
        self.0.lock().unwrap().bytes.clone()
    }
}

impl StorageBackend for Shared {
    fn len(&self) -> io::Result<u64> {
        self.does(|bytes| bytes.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let at = usize::try_from(offset).unwrap();
        self.does(|bytes| out.copy_from_slice(&bytes[at..at + out.len()]))
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.does(|bytes| bytes.resize(usize::try_from(len).unwrap(), 0))
    }

    fn sync_data(&self) -> io::Result<()> {
        self.does(|_| ())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let at = usize::try_from(offset).unwrap();
        self.does(|bytes| bytes[at..at + data.len()].copy_from_slice(data))
    }
}

/// Returns a group with rows of several values, two agencies, and a draw.
fn group() -> Group {
    let batch = |agency: u32| EncodedBatch::from_rows(agency, 1, format!("{agency},Ana,").repeat(20_000));
    let record = AgencyRecord { stored: 1, digest: 7, finished: true };
    let (documents, size) = ("20000001\n2\n".to_owned(), ListSize { documents: 2, bytes: 9, longest: 8 });
    let winners = [(1, WinnersList { size, pieces: 1 })].into();
    Group {
        batches: vec![batch(1), batch(2)],
        agencies: [(1, record), (2, record)].into(),
        rules: Some(Rules { agencies: 2, winning_number: 7574 }),
        winners: Some(Winners {
            begins: true,
            pieces: vec![WinnersPiece { agency: 1, number: 0, documents }],
        }),
        draw: Some(Draw { winning_number: 7574, agencies: 2, winners }),
    }
}

fn put_group(database: &Database) -> Result<(), Error> {
    let (group, after) = (group(), position(database)?.after(&group()));
    put(database, &group, &values(&group.batches), after)
}

/// Reads at most `most` values, all if there are fewer, and returns their number.
fn look(database: &Database, most: usize) -> Result<usize, Error> {
    let mut seen = 0;
    batches(database, 0, |_, _| {
        seen += 1;
        if seen == most { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })?;
    Ok(seen)
}

/// Runs `work` on a database of these bytes again and again, and each time fails the next operation, until
/// none is left to fail.
fn fails_everywhere(bytes: &[u8], work: fn(&Database) -> Result<(), Error>) {
    for nth in 0.. {
        let disk = Shared::with(bytes.to_vec());
        let database = disk.database();
        disk.fail_after(Some(nth));
        let result = work(&database);
        let failed = !disk.is_to_fail();
        disk.fail_after(None);
        assert_eq!(result.is_err(), failed, "operation {nth}: {result:?}");
        if !failed {
            assert!(nth > 0, "it does nothing");
            return;
        }
    }
}

#[test]
fn every_error_of_the_disk_is_returned() {
    let disk = Shared::default();
    drop(disk.database());
    let none = disk.bytes();
    fails_everywhere(&none, |database| prepare(database).map(|_| ()));
    prepare(&disk.database()).unwrap();
    let empty = disk.bytes();
    fails_everywhere(&empty, |database| prepare(database).map(|_| ()));
    fails_everywhere(&empty, put_group);
    put_group(&disk.database()).unwrap();
    let full = disk.bytes();
    fails_everywhere(&full, put_group);
    fails_everywhere(&full, |database| position(database).map(|_| ()));
    fails_everywhere(&full, |database| saved(database).map(|_| ()));
    fails_everywhere(&full, |database| piece(database, 1, 0).map(|found| assert!(found.is_some())));
    fails_everywhere(&full, |database| look(database, 9).map(|seen| assert_eq!(seen, 2)));
    assert_eq!(look(&disk.database(), 1).unwrap(), 1);
}

/// Returns a database of the previous version, with a draw.
fn of_version_1(winners: &[(u32, Vec<&str>)]) -> Vec<u8> {
    let disk = Shared::default();
    {
        let database = disk.database();
        prepare(&database).unwrap();
        let write = database.begin_write().unwrap();
        for table in ["rules", "lists", "pieces"] {
            let table: TableDefinition<'_, u8, u8> = TableDefinition::new(table);
            write.delete_table(table).unwrap();
        }
        write.open_table(META).unwrap().insert("format", 1).unwrap();
        write.open_table(DRAW).unwrap().insert((), (7574, 3)).unwrap();
        let mut table = write.open_table(migrate::WINNERS).unwrap();
        for (agency, documents) in winners {
            table.insert(agency, documents.clone()).unwrap();
        }
        drop(table);
        write.commit().unwrap();
    }
    disk.bytes()
}

#[test]
fn winners_of_a_version_1_database_are_kept() {
    let many: Vec<String> = (0..5000).map(|nth| (20_000_000 + nth).to_string()).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let winners = [(1, vec!["2", "30904465"]), (2, Vec::new()), (3, many.clone())];
    let bytes = of_version_1(&winners);
    let disk = Shared::with(bytes.clone());
    for _ in 0..2 {
        let database = disk.database();
        prepare(&database).unwrap();
        let draw = saved(&database).unwrap().draw.unwrap();
        assert_eq!((draw.winning_number, draw.agencies), (7574, 3));
        for (agency, documents) in &winners {
            let list = draw.winners[agency];
            assert_eq!(list.size, ListSize::of(documents.iter().copied()));
            let pieces = (0..list.pieces).map(|number| piece(&database, *agency, number).unwrap().unwrap());
            let pieces: Vec<String> = pieces.collect();
            assert!(pieces.iter().all(|piece| piece.len() <= lottery_core::store::PIECE_SIZE));
            assert!(pieces.iter().flat_map(|piece| piece.lines()).eq(documents.iter().copied()));
        }
        assert_eq!(draw.winners[&3].pieces, 6);
        assert_eq!(saved(&database).unwrap().rules, None);
    }
    fails_everywhere(&bytes, |database| migrate::migrate(database, 1));
}

#[test]
fn digests_of_older_databases_are_computed_from_their_rows() {
    let quoted = "2,\"Pérez, \"\"Pe\"\"\",Paz,3,1999-12-31,4\r\n";
    let values = ["1,Ana,Paz,20000001,1980-01-01,7574\r\n".to_owned() + quoted, quoted.repeat(3)];
    let disk = Shared::default();
    {
        let database = disk.database();
        prepare(&database).unwrap();
        let batch = |rows: &String| EncodedBatch::from_rows(1, 1, rows.clone());
        let record = |stored, finished| AgencyRecord { stored, digest: 7, finished };
        let agencies = [(1, record(1, false)), (2, record(4, true)), (3, record(0, true))].into();
        let group = Group { batches: values.iter().map(batch).collect(), agencies, ..Group::default() };
        let each: Vec<Bytes> = group.batches.iter().map(|batch| batch.rows().clone()).collect();
        put(&database, &group, &each, Position::default().after(&group)).unwrap();
        let write = database.begin_write().unwrap();
        write.open_table(META).unwrap().insert("format", 2).unwrap();
        write.commit().unwrap();
    }
    let bytes = disk.bytes();
    for _ in 0..2 {
        let database = disk.database();
        prepare(&database).unwrap();
        let agencies = saved(&database).unwrap().agencies;
        let found = |agency| (agencies[&agency].stored, agencies[&agency].digest, agencies[&agency].finished);
        assert_eq!(found(1), (1, crc32c("1,Ana,Paz,20000001,1980-01-01,7574\r\n".as_bytes()), false));
        assert_eq!(found(2), (4, crc32c(quoted.repeat(4).as_bytes()), true));
        assert_eq!(found(3), (0, 0, true));
    }
    fails_everywhere(&bytes, |database| migrate::migrate(database, 2));
}

#[test]
fn missing_and_malformed_values_are_reported_as_damage() {
    let is_damaged = |damage: fn(&WriteTransaction), says: &str| {
        let database = Shared::default().database();
        prepare(&database).unwrap();
        let write = database.begin_write().unwrap();
        damage(&write);
        write.commit().unwrap();
        let result = prepare(&database).and_then(|_| look(&database, 9));
        let Err(Error::Corrupted(said)) = result else { panic!("{result:?}") };
        assert_eq!(said, says);
    };
    is_damaged(
        |write| _ = write.open_table(META).unwrap().remove("rows_len").unwrap().unwrap().value(),
        "no rows_len in table meta",
    );
    is_damaged(
        |write| _ = write.open_table(BATCHES).unwrap().insert(3, &b"1,Jos\xe9"[..]).unwrap().is_none(),
        "value 3 of batches is no text",
    );
}
