//! Test that each test and each fuzzing target that `docs/RELIABILITY.md` names exists.

mod common;

use std::fs;

use common::{root, whole};

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

#[test]
fn every_test_that_is_named_is_there() {
    let document = read("docs/RELIABILITY.md");
    let targets = read("fuzz/checks/src/lib.rs");
    let mut rows = 0;
    for row in document.lines().filter(|line| line.starts_with("| ") && line.contains('`')) {
        let shown_by = row.trim_end_matches(" |").rsplit(" | ").next().expect("the last column");
        let names: Vec<&str> = shown_by.split('`').skip(1).step_by(2).collect();
        let mut tests = 0;
        for name in names {
            if let Some(target) = name.strip_prefix("fuzz/") {
                assert!(targets.contains(&format!("target(\"{target}\"")), "{name}");
            } else if let Some((path, test)) = name.split_once("::") {
                let text = read(&whole(path));
                let is_there = ["(", "<"].iter().any(|next| text.contains(&format!("fn {test}{next}")));
                assert!(is_there, "{name}");
                tests += 1;
            }
        }
        rows += usize::from(tests > 0);
    }
    assert!(rows >= 40, "{rows} rows");
}
