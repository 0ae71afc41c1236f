//! Tests of the store in a directory: committed groups survive, and only one owner may open it.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::UnixListener;
use std::path::Path;

use lottery_core::store::{Group, MemoryStore, Store, StoreError};
use lottery_store::{CsvRepair, LogStore};
use lottery_testkit::store::{Model, drawn, group};
use tempfile::TempDir;

use crate::common::with_groups;

fn unusable(path: &Path) -> String {
    match LogStore::open(path) {
        Err(error @ StoreError::Unusable { .. }) => error.to_string(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn committed_groups_are_read_back_from_either_store() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("new/data");
    let mut embedded = LogStore::open(&path).unwrap();
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
        if group.draw.is_some() {
            assert_eq!(fs::read(path.join("bets.csv")).unwrap(), model.csv(), "it is complete at the draw");
            assert_eq!(embedded.csv_behind(), 0);
        }
    }
    embedded.commit(&group(7, 3, 10)).unwrap();
    model.apply(&group(7, 3, 10));
    drop(embedded);
    assert_eq!(fs::read(path.join("bets.csv")).unwrap(), model.csv(), "it is complete at the end");

    let mut again = LogStore::open(&path).unwrap();
    assert_eq!(Model::of(&mut again), model);
    let kept = model.csv().len() as u64;
    assert_eq!(again.csv_repair(), CsvRepair { kept, cut: 0, appended: 0 });
}

#[test]
fn a_second_server_is_rejected_until_the_first_has_gone() {
    let directory = TempDir::new().unwrap();
    let first = LogStore::open(directory.path()).unwrap();
    let place = directory.path().join("lottery.lock").display().to_string();
    assert_eq!(LogStore::open(directory.path()).unwrap_err(), StoreError::Busy { place });
    drop(first);
    LogStore::open(directory.path()).unwrap();
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

    let log = directory.path().join("a/log");
    fs::create_dir(directory.path().join("a")).unwrap();
    fs::write(&log, "x").unwrap();
    assert_eq!(
        unusable(&directory.path().join("a")),
        format!("{}: cannot be used: not a directory", log.display())
    );

    let csv = directory.path().join("b/bets.csv");
    fs::create_dir_all(&csv).unwrap();
    assert!(unusable(&directory.path().join("b")).starts_with(&csv.display().to_string()));
}

#[test]
fn foreign_and_damaged_files_are_rejected_and_left_alone() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("log/00000001.log");
    fs::create_dir(directory.path().join("log")).unwrap();
    let place = path.display();
    for (foreign, problem) in [
        (b"SQLite format 3\0".to_vec(), "damaged: 16 bytes, expected a head of 4096 bytes"),
        (vec![], "damaged: 0 bytes, expected a head of 4096 bytes"),
        (vec![7; 100_000], "offset 0: not a segment of a lottery's log"),
        (vec![0; 100_000], "offset 0: not a segment of a lottery's log"),
    ] {
        fs::write(&path, &foreign).unwrap();
        assert_eq!(unusable(directory.path()), format!("{place}: cannot be used: {problem}"));
        assert_eq!(fs::read(&path).unwrap(), foreign);
    }
    fs::remove_file(&path).unwrap();

    with_groups(directory.path(), 3);
    let whole = fs::read(&path).unwrap();
    fs::write(&path, &whole[..4096]).unwrap();
    assert!(
        unusable(directory.path()).ends_with("offset 4096: damaged: no whole frame where the first must be")
    );
    // `bets.csv` holds what the log has lost.
    fs::write(&path, &whole[..2 * 4096]).unwrap();
    assert!(matches!(LogStore::open(directory.path()), Err(StoreError::Differs { .. })));
    assert_eq!(fs::read(&path).unwrap(), &whole[..2 * 4096]);
}

#[test]
fn a_directory_with_the_database_of_an_earlier_version_is_rejected() {
    let directory = TempDir::new().unwrap();
    let database = directory.path().join("lottery.redb");
    fs::write(&database, b"x").unwrap();
    let expected = format!(
        "{}: cannot be used: the store of an earlier version, which this one does not read: with the earlier version \
         `backup FILE`, with this one `--data-dir NEW-DIR restore FILE`",
        database.display()
    );
    assert_eq!(unusable(directory.path()), expected);
    let built = LogStore::build::<StoreError>(directory.path(), None, |_| unreachable!());
    assert_eq!(built.unwrap_err().to_string(), expected);
    assert_eq!(fs::read(&database).unwrap(), b"x");
    assert!(!directory.path().join("log").exists());
}

#[test]
fn links_and_special_files_are_rejected_and_left_alone() {
    for name in ["log/00000001.log", "bets.csv", "lottery.lock"] {
        let directory = TempDir::new().unwrap();
        let data = directory.path().join("data");
        drop(LogStore::open(&data).unwrap());
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
    drop(LogStore::open(&data).unwrap());
    let files = ["log/00000001.log", "bets.csv", "lottery.lock"].map(|name| data.join(name));
    for made in [&directory.path().join("new"), &data, &data.join("log")] {
        assert_eq!(mode(made), 0o700);
    }
    assert_eq!(files.each_ref().map(|path| mode(path)), [0o600; 3]);
    // Files of an earlier version are restricted, too, but not a directory that somebody else has made.
    for path in &files {
        fs::set_permissions(path, PermissionsExt::from_mode(0o644)).unwrap();
    }
    fs::set_permissions(&data, PermissionsExt::from_mode(0o755)).unwrap();
    drop(LogStore::open(&data).unwrap());
    assert_eq!(files.each_ref().map(|path| mode(path))[..2], [0o600; 2]);
    assert_eq!(mode(&data), 0o755);
}
