//! The store in a directory: what is committed is there again, and who may open it.

use std::fs;
use std::path::Path;

use crate::support::{Model, draw, group};
use lottery_core::store::{CsvRepair, Group, MemoryStore, RedbStore, Store, StoreError};
use proptest::prelude::*;
use tempfile::TempDir;

fn with_groups(directory: &Path, groups: u64) -> Model {
    let mut model = Model::default();
    let mut store = RedbStore::open(directory).unwrap();
    for nth in 0..groups {
        let group = group(nth, 3, 10);
        store.commit(&group).unwrap();
        model.apply(&group);
    }
    model
}

fn unusable(path: &Path) -> String {
    match RedbStore::open(path) {
        Err(error @ StoreError::Unusable { .. }) => error.to_string(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn both_stores_hold_what_was_committed_and_redb_after_a_restart_too() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("new/data");
    let mut embedded = RedbStore::open(&path).unwrap();
    let mut memory = MemoryStore::new();
    let mut model = Model::default();
    assert_eq!(Model::of(&mut embedded), model);
    assert_eq!(Model::of(&mut memory), model);

    let mut groups: Vec<Group> = (0..5).map(|nth| group(nth, 3, 10)).collect();
    groups.push(Group { draw: Some(draw()), ..Group::default() });
    groups.push(Group::default());
    for group in &groups {
        embedded.commit(group).unwrap();
        memory.commit(group).unwrap();
        model.apply(group);
        assert_eq!(Model::of(&mut embedded), model);
        assert_eq!(Model::of(&mut memory), model);
        assert_eq!(fs::read(path.join("bets.csv")).unwrap(), model.csv());
        assert_eq!(embedded.csv_behind(), 0);
    }
    drop(embedded);

    let mut again = RedbStore::open(&path).unwrap();
    assert_eq!(Model::of(&mut again), model);
    let kept = model.csv().len() as u64;
    assert_eq!(again.csv_repair(), CsvRepair { kept, cut: 0, appended: 0 });
}

#[test]
fn a_second_centre_is_refused_until_the_first_has_gone() {
    let directory = TempDir::new().unwrap();
    let first = RedbStore::open(directory.path()).unwrap();
    let place = directory.path().join("lottery.redb").display().to_string();
    assert_eq!(RedbStore::open(directory.path()).unwrap_err(), StoreError::Busy { place });
    drop(first);
    RedbStore::open(directory.path()).unwrap();
}

#[test]
fn a_directory_that_cannot_be_used_is_named() {
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("file");
    fs::write(&file, "x").unwrap();
    for path in [file.clone(), file.join("below")] {
        let message = unusable(&path);
        assert!(message.starts_with(&format!("{}: cannot be used: ", path.display())), "{message}");
        assert!(!message.contains('\n'));
    }

    let database = directory.path().join("a/lottery.redb");
    fs::create_dir_all(&database).unwrap();
    assert!(unusable(&directory.path().join("a")).starts_with(&database.display().to_string()));

    let csv = directory.path().join("b/bets.csv");
    fs::create_dir_all(&csv).unwrap();
    assert!(unusable(&directory.path().join("b")).starts_with(&csv.display().to_string()));
}

#[test]
fn foreign_and_damaged_files_are_refused_and_left_alone() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("lottery.redb");
    let zeros_then_text = [vec![0; 5000], b"x".to_vec()].concat();
    for foreign in [b"SQLite format 3\0".to_vec(), b"x".to_vec(), vec![7; 100_000], zeros_then_text] {
        fs::write(&path, &foreign).unwrap();
        unusable(directory.path());
        assert_eq!(fs::read(&path).unwrap(), foreign);
    }
    fs::remove_file(&path).unwrap();

    let table = redb::TableDefinition::<u64, u64>::new("other");
    let other = redb::Database::create(&path).unwrap();
    let write = other.begin_write().unwrap();
    write.open_table(table).unwrap();
    write.commit().unwrap();
    drop(other);
    assert!(unusable(directory.path()).contains("another program"));
    fs::remove_file(&path).unwrap();

    let other = redb::Database::create(&path).unwrap();
    let write = other.begin_write().unwrap();
    let meta = redb::TableDefinition::<&str, u64>::new("meta");
    write.open_table(meta).unwrap().insert("format", 2).unwrap();
    write.commit().unwrap();
    drop(other);
    assert!(unusable(directory.path()).contains("format version 2, expected 1"));
    fs::remove_file(&path).unwrap();

    with_groups(directory.path(), 3);
    let whole = fs::read(&path).unwrap();
    fs::write(&path, &whole[..whole.len() / 2]).unwrap();
    unusable(directory.path());
}

#[test]
fn bets_csv_is_made_equal_to_the_store_when_it_is_opened() {
    let directory = TempDir::new().unwrap();
    let model = with_groups(directory.path(), 4);
    let path = directory.path().join("bets.csv");
    let csv = model.csv();
    let all = csv.len() as u64;
    let group = csv.len() / 4;
    let mut garbled = csv.clone();
    garbled[2 * group + 5] ^= 1;
    let check = |content: Option<&[u8]>, repair: CsvRepair| {
        match content {
            Some(content) => fs::write(&path, content).unwrap(),
            None => fs::remove_file(&path).unwrap(),
        }
        let store = RedbStore::open(directory.path()).unwrap();
        assert_eq!(store.csv_repair(), repair);
        assert_eq!(store.csv_behind(), 0);
        assert_eq!(fs::read(&path).unwrap(), csv);
    };
    let kept = all - group as u64;
    check(Some(&csv[..csv.len() - 7]), CsvRepair { kept, cut: group as u64 - 7, appended: group as u64 });
    check(None, CsvRepair { kept: 0, cut: 0, appended: all });
    check(Some(b""), CsvRepair { kept: 0, cut: 0, appended: all });
    let kept = 2 * group as u64;
    check(Some(&garbled), CsvRepair { kept, cut: all - kept, appended: all - kept });
    let longer = [&csv[..], b"3,torn"].concat();
    check(Some(&longer), CsvRepair { kept: all, cut: 6, appended: 0 });
    check(Some(b"agency,first_name\r\n"), CsvRepair { kept: 0, cut: 19, appended: all });
    check(Some(&csv), CsvRepair { kept: all, cut: 0, appended: 0 });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn whatever_happens_to_bets_csv_a_start_repairs_it(
        groups in 0u64..4,
        cut in any::<prop::sample::Index>(),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        tail in prop::collection::vec(any::<u8>(), 0..50),
    ) {
        let directory = TempDir::new().unwrap();
        let mut model = with_groups(directory.path(), groups);
        let path = directory.path().join("bets.csv");
        let mut content = model.csv();
        content.truncate(cut.index(content.len() + 1));
        for (at, byte) in damage {
            if !content.is_empty() {
                let at = at.index(content.len());
                content[at] = byte;
            }
        }
        content.extend(tail);
        fs::write(&path, content).unwrap();

        let mut store = RedbStore::open(directory.path()).unwrap();
        prop_assert_eq!(fs::read(&path).unwrap(), model.csv());
        let next = group(groups, 2, 3);
        store.commit(&next).unwrap();
        model.apply(&next);
        prop_assert_eq!(fs::read(&path).unwrap(), model.csv());
    }
}
