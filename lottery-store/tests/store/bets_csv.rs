//! Tests of `bets.csv` at a start: it is made equal to the store, or left alone if it holds rows that the store
//! lacks.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use lottery_core::store::{Difference, Store, StoreError};
use lottery_store::{CsvRepair, LogStore};
use lottery_testkit::store::group;
use proptest::prelude::*;
use tempfile::TempDir;

use crate::common::with_groups;

/// Returns a directory with a store of four groups, the path of its `bets.csv`, and the content of that
/// file.
fn with_csv() -> (TempDir, PathBuf, Vec<u8>) {
    let directory = TempDir::new().unwrap();
    let csv = with_groups(directory.path(), 4).csv();
    let path = directory.path().join("bets.csv");
    (directory, path, csv)
}

#[test]
fn bets_csv_is_made_equal_to_the_store_when_it_is_opened() {
    let (directory, path, csv) = with_csv();
    let all = csv.len() as u64;
    let group = csv.len() / 4;
    let check = |content: Option<&[u8]>, repair: CsvRepair| {
        match content {
            Some(content) => fs::write(&path, content).unwrap(),
            None => fs::remove_file(&path).unwrap(),
        }
        let store = LogStore::open(directory.path()).unwrap();
        assert_eq!(store.csv_repair(), repair);
        assert_eq!(store.csv_behind(), 0);
        assert_eq!(fs::read(&path).unwrap(), csv);
    };
    check(Some(&csv[..csv.len() - 7]), CsvRepair { kept: all - 7, cut: 0, appended: 7 });
    check(None, CsvRepair { kept: 0, cut: 0, appended: all });
    check(Some(b""), CsvRepair { kept: 0, cut: 0, appended: all });
    let longer = [&csv[..], b"3,torn"].concat();
    check(Some(&longer), CsvRepair { kept: all, cut: 6, appended: 0 });
    // A power cut leaves room without data, behind the rows or among them.
    let longer = [&csv[..], &[0; 9000]].concat();
    check(Some(&longer), CsvRepair { kept: all, cut: 9000, appended: 0 });
    check(
        Some(&[0; 9000]),
        CsvRepair { kept: 9000.min(all), cut: 9000_u64.saturating_sub(all), appended: 0 },
    );
    let mut holes = csv.clone();
    holes[group + 5..2 * group - 9].fill(0);
    check(Some(&holes), CsvRepair { kept: all, cut: 0, appended: 0 });
    holes.truncate(3 * group);
    check(Some(&holes), CsvRepair { kept: 3 * group as u64, cut: 0, appended: group as u64 });
    // A torn row that differs from the store's was written by the server: anybody else's row would be
    // whole.
    let torn = [&csv[..2 * group], b"3,Ana,Pa"].concat();
    check(Some(&torn), CsvRepair { kept: 2 * group as u64, cut: 8, appended: all - 2 * group as u64 });
    check(Some(&csv), CsvRepair { kept: all, cut: 0, appended: 0 });
}

#[test]
fn bets_csv_with_rows_that_the_store_lacks_is_left_alone() {
    let (directory, path, csv) = with_csv();
    let row = |text: &str| format!("1,Ana,Paz,{text},1980-01-01,7574\r\n").into_bytes();
    let group = csv.len() / 4;
    let mut garbled = csv.clone();
    garbled[2 * group + 5] ^= 1;
    for content in [
        [&csv[..], &row("1")].concat(),
        [&csv[..group], &row("1")].concat(),
        row("1"),
        garbled,
        b"agency,first_name\r\n".to_vec(),
        b"notes".to_vec(),
        [&csv[..], b"3,", &[b'x'; 5000]].concat(),
        [&csv[..], b"3,torn", &[0; 99], b"x"].concat(),
    ] {
        fs::write(&path, &content).unwrap();
        let error = LogStore::open(directory.path()).unwrap_err();
        let StoreError::Differs { difference, .. } = &error else { panic!("{error}") };
        let rows_of = |text: &[u8]| text.split(|byte| *byte == b'\n').skip(1).count() as u64;
        let (rows, stored) = (rows_of(&content), rows_of(&csv));
        let size = content.len() as u64;
        let expected =
            Difference { rows, size, stored, stored_size: csv.len() as u64, same: difference.same };
        assert_eq!(*difference, expected);
        assert!(difference.same <= rows.min(stored), "{error}");
        assert_eq!(fs::read(&path).unwrap(), content);
    }
    // The store is unchanged, and opens when the file is set aside.
    for nth in 1..4 {
        fs::write(&path, row("1")).unwrap();
        let store = LogStore::open_setting_aside(directory.path(), "now").unwrap();
        let aside = directory.path().join(["", "bets.csv.now", "bets.csv.now.2", "bets.csv.now.3"][nth]);
        assert_eq!(store.set_aside(), Some(&*aside), "never overwritten");
        assert_eq!(fs::read(aside).unwrap(), row("1"));
        assert_eq!(fs::read(&path).unwrap(), csv);
    }
    let store = LogStore::open_setting_aside(directory.path(), "now").unwrap();
    assert_eq!(store.set_aside(), None, "there is nothing to put aside");
}

#[test]
fn a_new_or_empty_store_beside_a_bets_csv_is_rejected() {
    for content in [&b"1,Ana,Paz,20000001,1980-01-01,7574\r\n"[..], b"3,torn"] {
        let directory = TempDir::new().unwrap();
        let (path, log) = (directory.path().join("bets.csv"), directory.path().join("log"));
        fs::write(&path, content).unwrap();
        fs::set_permissions(&path, PermissionsExt::from_mode(0o644)).unwrap();
        let rejected = || {
            assert!(matches!(LogStore::open(directory.path()), Err(StoreError::Differs { .. })));
            assert_eq!(fs::read(&path).unwrap(), content);
            assert_eq!(
                fs::metadata(&path).unwrap().permissions().mode() & 0o777,
                0o644,
                "it may be another's"
            );
        };
        rejected();
        assert!(!log.exists(), "nothing is made beside what is not its own");
        fs::create_dir(&log).unwrap();
        rejected();
        assert_eq!(fs::read_dir(&log).unwrap().count(), 0);
        fs::rename(&path, directory.path().join("away")).unwrap();
        drop(LogStore::open(directory.path()).unwrap());
        fs::rename(directory.path().join("away"), &path).unwrap();
        rejected();
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn a_damaged_bets_csv_is_repaired_or_left_alone(
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
        fs::write(&path, &content).unwrap();

        let opened = LogStore::open(directory.path());
        let mut store = match opened {
            Err(StoreError::Differs { .. }) => {
                prop_assert_eq!(fs::read(&path).unwrap(), content);
                LogStore::open_setting_aside(directory.path(), "aside").unwrap()
            }
            opened => opened.unwrap(),
        };
        prop_assert_eq!(fs::read(&path).unwrap(), model.csv());
        let next = group(groups, 2, 3);
        store.commit(&next).unwrap();
        model.apply(&next);
        drop(store);
        prop_assert_eq!(fs::read(&path).unwrap(), model.csv());
    }
}
