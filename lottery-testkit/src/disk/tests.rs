use std::io::ErrorKind;

use lottery_store::Disk as _;
use lottery_store::log::Directory as _;

use super::{BLOCK, Faults, SECTOR, SimDirectory, SimDisk, Unsynced};

#[test]
fn a_power_cut_loses_or_keeps_what_was_not_synced() {
    let written = |keeps_length, keeps_sector| {
        let disk = SimDisk::new();
        let open = disk.open();
        open.write(0, &[1; SECTOR]).unwrap();
        open.sync().unwrap();
        open.write(0, &[2; 2 * SECTOR]).unwrap();
        disk.power_cut(|part| match part {
            Unsynced::Length => keeps_length,
            Unsynced::Sector | Unsynced::Name => keeps_sector,
        });
        disk.content()
    };
    assert_eq!(written(false, false), [1; SECTOR]);
    assert_eq!(written(false, true), [2; SECTOR]);
    assert_eq!(written(true, false), [[1; SECTOR], [0; SECTOR]].concat());
    assert_eq!(written(true, true), [2; 2 * SECTOR]);
}

#[test]
fn a_failed_sync_loses_its_writes_for_good_though_they_can_be_read() {
    let disk = SimDisk::new();
    let open = disk.open();
    disk.fail(Faults { sync: Some(0), ..Faults::default() });
    open.write(0, b"lost").unwrap();
    open.sync().unwrap_err();
    open.sync().unwrap();
    assert_eq!(disk.content(), b"lost");
    assert_eq!(disk.after_power_cut(7).content(), [0; 4]);
}

#[test]
fn a_process_that_was_killed_or_replaced_cannot_use_the_disk() {
    let disk = SimDisk::new();
    let first = disk.open();
    disk.fail(Faults { kill: Some(1), ..Faults::default() });
    first.write(0, b"whole").unwrap();
    first.write(5, b"half").unwrap_err();
    assert!(disk.was_killed());
    first.size().unwrap_err();
    let second = disk.open();
    assert!(!disk.was_killed());
    assert_eq!(second.size().unwrap(), 7);
    first.write(0, b"late").unwrap_err();
    disk.kill();
    second.size().unwrap_err();
}

#[test]
fn a_full_disk_takes_the_blocks_that_there_is_room_for() {
    let disk = SimDisk::new();
    let open = disk.open();
    disk.room(Some(1));
    let error = open.write(0, &[1; 2 * BLOCK]).unwrap_err();
    assert_eq!((error.kind(), disk.content().len()), (ErrorKind::StorageFull, BLOCK));
    open.set_len(0).unwrap();
    open.write(0, &[2; BLOCK]).unwrap();
}

#[test]
fn a_name_is_durable_once_the_directory_is_synced() {
    let directory = SimDirectory::new();
    let open = directory.open();
    for name in ["kept", "renamed"] {
        let file = open.create(name).unwrap();
        file.write(0, b"data").unwrap();
        file.sync().unwrap();
    }
    open.sync().unwrap();
    open.create("new").unwrap();
    open.rename("renamed", "other").unwrap();
    let files = |keeps_names| {
        let after = directory.after_kill();
        after.power_cut(|part| part == Unsynced::Name && keeps_names);
        assert_eq!(after.file("kept").unwrap().content(), b"data");
        after.files()
    };
    assert_eq!(files(false), ["kept", "renamed"]);
    assert_eq!(files(true), ["kept", "new", "other"]);
}

#[test]
fn files_of_a_directory_share_faults_and_room() {
    let directory = SimDirectory::new();
    let open = directory.open();
    let (first, second) = (open.create("first").unwrap(), open.create("second").unwrap());
    directory.room(Some(1));
    assert_eq!(open.room().unwrap(), BLOCK as u64);
    first.write(0, b"x").unwrap();
    assert_eq!(second.write(0, b"x").unwrap_err().kind(), ErrorKind::StorageFull);
    open.remove("first").unwrap();
    directory.fail(Faults { kill: Some(1), ..Faults::default() });
    second.write(0, b"x").unwrap();
    open.sync().unwrap_err();
    assert!(directory.was_killed());
    open.names().unwrap_err();
    assert_eq!(directory.open().names().unwrap(), ["second"]);
}
