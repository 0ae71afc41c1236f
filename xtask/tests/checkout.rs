//! Tests that a clone works in place: no file in it is a link, and no program of it reads another clone.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

fn root() -> PathBuf {
    let own = env::var_os("CARGO_MANIFEST_DIR").expect("cargo says where the crate is");
    Path::new(&own).parent().expect("the crate is in the workspace").to_owned()
}

/// Returns every file of the clone, without build output and git's own.
fn files() -> Vec<PathBuf> {
    let (mut found, mut dirs) = (Vec::new(), vec![root()]);
    while let Some(dir) = dirs.pop() {
        for entry in fs::read_dir(&dir).expect("a directory").map(|entry| entry.expect("an entry")) {
            let name = entry.file_name();
            if ["target", ".git", "artifacts", "corpus", "lottery-data"].iter().any(|other| name == *other) {
                continue;
            }
            let kind = entry.file_type().expect("a kind");
            if kind.is_dir() { dirs.push(entry.path()) } else { found.push(entry.path()) }
        }
    }
    found
}

#[test]
fn no_file_is_a_link_and_every_script_can_be_run() {
    let mut scripts = 0;
    for path in files() {
        let metadata = fs::symlink_metadata(&path).expect("a file");
        assert!(metadata.is_file(), "{} is no plain file", path.display());
        if path.extension().is_some_and(|extension| extension == "sh") || path.ends_with(".ci/run") {
            let text = fs::read_to_string(&path).expect("a script");
            assert!(text.starts_with("#!"), "{} does not say what runs it", path.display());
            assert_eq!(metadata.permissions().mode() & 0o111, 0o111, "{} cannot be run", path.display());
            scripts += 1;
        }
    }
    assert!(scripts >= 6, "{scripts} scripts");
}

#[test]
fn a_task_works_in_the_checkout_that_cargo_runs_it_in() {
    let other = tempfile::tempdir().expect("a directory");
    let crate_dir = other.path().join("xtask");
    fs::create_dir(&crate_dir).expect("a directory");
    fs::write(crate_dir.join("Cargo.toml"), "").expect("a manifest");
    let mut task = Command::new(env!("CARGO_BIN_EXE_xtask"));
    let output = task.arg("data").env("CARGO_MANIFEST_DIR", &crate_dir).output().expect("it runs");
    assert!(output.status.success(), "{output:?}");
    assert!(other.path().join(".data/agency-5.csv").is_file(), "{output:?}");
}

#[test]
fn no_path_of_a_checkout_is_compiled_in() {
    let compiled = concat!("env!(\"CARGO_", "MANIFEST_DIR\")");
    for path in files().iter().filter(|path| path.extension().is_some_and(|extension| extension == "rs")) {
        let text = fs::read_to_string(path).expect("a source");
        assert!(!text.contains(compiled), "{}", path.display());
    }
}
