//! Tests of the store in a directory: committed groups survive, and only one owner may open it.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::UnixListener;
use std::path::Path;

use lottery_core::store::{Group, MemoryStore, Store, StoreError};
use lottery_store::{CsvRepair, RedbStore};
use lottery_testkit::store::{Model, drawn, group};
use tempfile::TempDir;

use crate::common::with_groups;

fn unusable(path: &Path) -> String {
    match RedbStore::open(path) {
        Err(error @ StoreError::Unusable { .. }) => error.to_string(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn committed_groups_are_read_back_from_either_store() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("new/data");
    let mut embedded = RedbStore::open(&path).unwrap();
    let mut memory = MemoryStore::new();
    let mut model = Model::default();
    assert_eq!(Model::of(&mut embedded), model);
    assert_eq!(Model::of(&mut memory), model);

    let mut groups: Vec<Group> = (0..5).map(|nth| group(nth, 3, 10)).collect();
    groups.push(drawn(Group::default()));
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
fn a_second_server_is_rejected_until_the_first_has_gone() {
    let directory = TempDir::new().unwrap();
    let first = RedbStore::open(directory.path()).unwrap();
    let place = directory.path().join("lottery.lock").display().to_string();
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
fn foreign_and_damaged_files_are_rejected_and_left_alone() {
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
    write.open_table(meta).unwrap().insert("format", 4).unwrap();
    write.commit().unwrap();
    drop(other);
    assert!(unusable(directory.path()).contains("format version 4, expected 3"));
    fs::remove_file(&path).unwrap();

    with_groups(directory.path(), 3);
    let whole = fs::read(&path).unwrap();
    fs::write(&path, &whole[..whole.len() / 2]).unwrap();
    unusable(directory.path());
}

#[test]
fn links_and_special_files_are_rejected_and_left_alone() {
    for name in ["lottery.redb", "bets.csv", "lottery.lock"] {
        let directory = TempDir::new().unwrap();
        let data = directory.path().join("data");
        drop(RedbStore::open(&data).unwrap());
        let (path, other) = (data.join(name), directory.path().join("other"));
        fs::write(&other, b"").unwrap();
        let rejected = |problem: &str| {
            let message = unusable(&data);
            assert_eq!(message, format!("{}: cannot be used: {problem}", path.display()));
            assert_eq!(fs::read(&other).unwrap(), b"");
        };
        fs::remove_file(&path).unwrap();
        symlink(&other, &path).unwrap();
        rejected("a symbolic link, expected a regular file");
        fs::remove_file(&path).unwrap();
        symlink(directory.path().join("nowhere"), &path).unwrap();
        rejected("a symbolic link, expected a regular file");
        assert!(!directory.path().join("nowhere").exists());
        fs::remove_file(&path).unwrap();
        fs::hard_link(&other, &path).unwrap();
        rejected("a file with 2 names (hard links), expected one of its own");
        fs::remove_file(&path).unwrap();
        drop(UnixListener::bind(&path).unwrap());
        rejected("not a regular file");
    }
}

#[test]
fn only_the_owner_may_read_the_files() {
    let directory = TempDir::new().unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let data = directory.path().join("new/data");
    drop(RedbStore::open(&data).unwrap());
    let files = ["lottery.redb", "bets.csv", "lottery.lock"].map(|name| data.join(name));
    assert_eq!((mode(&directory.path().join("new")), mode(&data)), (0o700, 0o700));
    assert_eq!(files.each_ref().map(|path| mode(path)), [0o600; 3]);
    // Files of an earlier version are restricted, too, but not a directory that somebody else has made.
    for path in &files {
        fs::set_permissions(path, PermissionsExt::from_mode(0o644)).unwrap();
    }
    fs::set_permissions(&data, PermissionsExt::from_mode(0o755)).unwrap();
    drop(RedbStore::open(&data).unwrap());
    assert_eq!(files.each_ref().map(|path| mode(path))[..2], [0o600; 2]);
    assert_eq!(mode(&data), 0o755);
}
