//! Tests of the command line as a user sees it: its files, output and exit codes.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

fn data(dir: &Path) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    command.args(["data", "--seed", "1", "--dir"]).arg(dir).output().expect("the binary runs")
}

#[test]
fn data_makes_the_directory_and_reports_five_files() {
    let temp = tempfile::tempdir().expect("a temporary directory");
    let dir = temp.path().join("new/dir");
    let output = data(&dir);
    assert!(output.status.success(), "{output:?}");
    let report = String::from_utf8(output.stdout).expect("UTF-8");
    for (id, bets) in (1..).zip([26_936, 25_518, 16_014, 9_238, 991]) {
        let size = fs::metadata(dir.join(format!("agency-{id}.csv"))).expect("a file").len();
        assert!(report.contains(&format!("| {id} | {bets} | {size} | ")), "{report}");
    }
}

#[test]
fn data_names_the_directory_that_it_cannot_write() {
    let temp = tempfile::tempdir().expect("a temporary directory");
    let file = temp.path().join("file");
    fs::write(&file, "not a directory").expect("a file");
    assert_one_line_naming(&file, &data(&file));
}

#[test]
fn data_names_the_file_that_it_cannot_write() {
    let temp = tempfile::tempdir().expect("a temporary directory");
    let taken = temp.path().join("agency-3.csv");
    fs::create_dir(&taken).expect("a directory");
    assert_one_line_naming(&taken, &data(temp.path()));
}

fn assert_one_line_naming(path: &Path, output: &Output) {
    let message = String::from_utf8(output.stderr.clone()).expect("UTF-8");
    assert_eq!(output.status.code(), Some(1), "{message}");
    assert_eq!(message.lines().count(), 1, "{message}");
    let start = format!("error: cannot write {}: ", path.display());
    assert!(message.starts_with(&start), "{message}");
}
