//! Tests of a full disk, simulated and real: every group is rejected whole until there is room again.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use lottery_core::store::{AgencyRecord, Group, Store, StoreError};
use lottery_store::LogStore;
use lottery_testkit::disk::{SimDirectory, SimDisk};
use lottery_testkit::store::{Model, drawn, group, open_log};
use tempfile::TempDir;

/// Commits until there is no room. Returns the number of rejected groups.
fn fill(store: &mut LogStore, model: &mut Model, bets: u32) -> u32 {
    let mut rejected = 0;
    for nth in 0..4000 {
        let group = group(nth, 4, bets);
        match store.commit(&group) {
            Ok(()) => model.apply(&group),
            Err(StoreError::Full { .. }) => rejected += 1,
            Err(error) => panic!("group {nth}: {error}"),
        }
        if rejected == 3 {
            break;
        }
    }
    assert_eq!(Model::of(store), *model);
    rejected
}

/// Returns the last group that a server stores.
fn end() -> Group {
    let finished = AgencyRecord { stored: 9, digest: 9, finished: true };
    drawn(Group { agencies: [(1, finished)].into(), ..Group::default() })
}

#[test]
fn a_full_disk_rejects_whole_groups_until_there_is_room() {
    for (room, bets) in (0..60).step_by(2).zip([1, 10, 100, 400].into_iter().cycle()) {
        let (log, csv) = (SimDirectory::new(), SimDisk::new());
        let mut store = open_log(&log, &csv).unwrap();
        let mut model = Model::default();
        store.commit(&group(1000, 5, 20)).unwrap();
        model.apply(&group(1000, 5, 20));
        log.room(Some(room));
        csv.room(Some(0));
        assert_eq!(fill(&mut store, &mut model, bets), 3, "room for {room} blocks");
        // A restart finds the same, though there is still no room.
        let other = log.after_kill();
        assert_eq!(Model::of(&mut open_log(&other, &csv.after_kill()).unwrap()), model);

        log.room(None);
        csv.room(None);
        store.commit(&end()).unwrap();
        model.apply(&end());
        assert_eq!(Model::of(&mut store), model);
        assert_eq!(csv.content(), model.csv());
        drop(store);
        assert_eq!(Model::of(&mut open_log(&log, &csv).unwrap()), model);
    }
}

#[test]
fn a_limit_of_file_sizes_makes_smaller_segments() {
    // Whole blocks and not, below the zeros of the first segment, and in the middle of those of a later one.
    for largest in [16_384, 20_000, 32_768, 50_000, 100_000] {
        let (log, csv) = (SimDirectory::new(), SimDisk::new());
        log.limit_file_sizes((largest < 50_000).then_some(largest));
        let mut store = open_log(&log, &csv).unwrap();
        let mut model = Model::default();
        for nth in 0..60 {
            if nth == 20 {
                log.limit_file_sizes(Some(largest));
            }
            store.commit(&group(nth, 4, 20)).unwrap();
            model.apply(&group(nth, 4, 20));
        }
        assert_eq!(Model::of(&mut store), model, "{largest}");
        // A group that is longer than a file may be is rejected, and says so; the others go on.
        let error = store.commit(&group(60, 5, 400)).unwrap_err();
        let StoreError::Full { cause, .. } = &error else { panic!("{error}") };
        let says = "file too large: the limit of file sizes is below ";
        assert!(cause.starts_with(says) && cause.ends_with(" bytes, a segment with this group"), "{cause}");
        store.commit(&group(61, 4, 20)).unwrap();
        model.apply(&group(61, 4, 20));
        assert_eq!(Model::of(&mut store), model, "{largest}");
        assert_eq!(csv.content(), model.csv());
        drop(store);
        assert_eq!(Model::of(&mut open_log(&log, &csv).unwrap()), model, "{largest}");
        let cold = log.after_power_cut(0);
        log.limit_file_sizes(None);
        assert_eq!(Model::of(&mut open_log(&cold, &csv.after_kill()).unwrap()), model, "{largest}");
    }
}

/// File system of 4 MiB, mounted until it is dropped.
struct Tmpfs(TempDir);

impl Tmpfs {
    fn mount() -> Option<Self> {
        let directory = TempDir::new().unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=4m", "tmpfs"])
            .arg(directory.path())
            .status()
            .is_ok_and(|status| status.success());
        mounted.then_some(Self(directory))
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("data")
    }
}

impl Drop for Tmpfs {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.0.path()).status();
    }
}

#[test]
fn a_real_full_disk_rejects_whole_groups_until_there_is_room() {
    let Some(disk) = Tmpfs::mount() else {
        // `eprintln!` is not shown for a test that passes.
        let _ =
            std::io::stderr().write_all(b"SKIPPED: no tmpfs to mount here, so no real full disk is tested\n");
        return;
    };
    let mut store = LogStore::open(&disk.path()).unwrap();
    let mut model = Model::default();
    let ballast = disk.0.path().join("ballast");
    fs::write(&ballast, vec![1; 1 << 20]).unwrap();
    for bets in [100, 10, 1] {
        assert_eq!(fill(&mut store, &mut model, bets), 3);
        assert_whole_rows(&disk.path(), &model);
    }
    drop(store);
    let mut store = LogStore::open(&disk.path()).unwrap();
    assert_eq!(Model::of(&mut store), model);

    fs::remove_file(&ballast).unwrap();
    store.commit(&end()).unwrap();
    model.apply(&end());
    assert_eq!(Model::of(&mut store), model);
    assert_eq!(store.csv_behind(), 0);
    assert_eq!(fs::read(disk.path().join("bets.csv")).unwrap(), model.csv());
}

/// Asserts that the file may be behind, but only by whole rows.
fn assert_whole_rows(directory: &Path, model: &Model) {
    let csv = fs::read_to_string(directory.join("bets.csv")).unwrap();
    assert!(model.rows.starts_with(&csv));
    assert!(csv.is_empty() || csv.ends_with("\r\n"));
}
