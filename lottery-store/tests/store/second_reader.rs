//! Tests of the log by a second reader, `tools/read_log.py`, which was written from `docs/log-format.md`.

use std::env;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use lottery_core::store::Store;
use lottery_testkit::disk::{SimDirectory, SimDisk};
use lottery_testkit::store::{Model, drawn, group, open_log};
use tempfile::TempDir;

/// Reads a log; `None` where there is no Python.
fn read(directory: &Path) -> Option<Output> {
    let own = env::var_os("CARGO_MANIFEST_DIR").expect("cargo says where the crate is");
    let reader = PathBuf::from(own).join("../tools/read_log.py");
    match Command::new("python3").arg(reader).arg(directory).output() {
        Ok(output) => Some(output),
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "SKIPPED: no python3 here, so no second reader: {error}");
            None
        }
    }
}

#[test]
fn another_reader_finds_the_same_rows_agencies_and_draw() {
    let log = SimDirectory::new();
    let mut store = open_log(&log, &SimDisk::new()).unwrap();
    let mut model = Model::default();
    for nth in 0..25 {
        let group = if nth == 20 { drawn(group(nth, 4, 20)) } else { group(nth, 4, 20) };
        store.commit(&group).unwrap();
        model.apply(&group);
    }
    let directory = TempDir::new().unwrap();
    for name in log.files() {
        fs::write(directory.path().join(&name), log.file(&name).unwrap().content()).unwrap();
    }
    assert!(log.files().len() >= 3, "{:?}", log.files());
    let Some(output) = read(directory.path()) else { return };
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{said}");
    assert!(output.stdout == model.csv());
    let agencies: Vec<_> = model
        .saved
        .agencies
        .iter()
        .map(|(agency, record)| {
            format!("{agency}: ({}, {}, {})", record.stored, record.digest, u8::from(record.finished))
        })
        .collect();
    let (agencies, rows) = (agencies.join(", "), model.rows.len());
    // The first group is empty.
    assert_eq!(said, format!("groups 26 rows {rows} agencies {{{agencies}}} draw (7574, 2)\n"));

    // It sees damage where the store sees it.
    let path = directory.path().join("00000001.log");
    let mut bytes = fs::read(&path).unwrap();
    bytes[4096 + 20] ^= 1;
    fs::write(&path, bytes).unwrap();
    let output = read(directory.path()).unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.ends_with("00000001.log: offset 4096: damaged\n"), "{said}");
    assert_eq!(output.status.code(), Some(1));
}
