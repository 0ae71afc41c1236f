//! Tests of the Wireshark dissector, and of the task that compares it with `lottery-proto`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn script() -> PathBuf {
    let own = std::env::var_os("CARGO_MANIFEST_DIR").expect("cargo says where the crate is");
    Path::new(&own).join("../tools/wireshark/lottery.lua")
}

/// Runs the task; `None`, after a word about it, if there is no tshark.
fn task(arguments: &[&str]) -> Option<Output> {
    if Command::new("tshark").arg("--version").output().is_err() {
        eprintln!("SKIPPED: there is no tshark: apt-get install tshark");
        return None;
    }
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    Some(command.arg("dissector").args(arguments).output().expect("it runs"))
}

/// Runs the task with a script of that text, and returns its error.
fn error_of(text: &str) -> Option<String> {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("lottery.lua");
    fs::write(&path, text).expect("a script");
    let output = task(&["--script", path.to_str().expect("UTF-8")])?;
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    Some(String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn the_dissector_shows_what_the_library_decodes() {
    let Some(output) = task(&["--wrong", "40"]) else { return };
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(said.lines().count(), 8, "{said}");
    for dialect in
        ["block", "session", "fixed", "framed", "braces", "short", "columns", "line", "bare", "echo"]
    {
        assert!(said.contains(dialect), "{dialect}: {said}");
    }
}

#[test]
fn a_script_that_does_not_load_is_an_error_though_tshark_exits_with_0() {
    let text = fs::read_to_string(script()).expect("a script");
    for wrong in [format!("{text}\nerror(\"no\")\n"), format!("{text}\nend\n"), String::new()] {
        let Some(error) = error_of(&wrong) else { return };
        assert!(error.starts_with("error: tshark says: "), "{error}");
    }
}

#[test]
fn a_dissector_that_fails_or_errs_is_found_out() {
    let text = fs::read_to_string(script()).expect("a script");
    for (right, wrong, expected) in [
        ("local function detect(s, ended)\n", "local function detect(s, ended)\n    s.x()\n", "Lua Error"),
        ("return high > 32 or", "return high > 77 or", "expected"),
    ] {
        assert_eq!(text.matches(right).count(), 1, "{right}");
        let Some(error) = error_of(&text.replace(right, wrong)) else { return };
        assert!(error.contains(expected), "{error}");
    }
}
