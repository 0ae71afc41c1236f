//! Test that the table of the suite is whole.

use lottery_proto::Dialect;
use std::path::Path;
use std::{env, fs};

#[test]
fn every_test_of_the_suite_is_in_the_table() {
    let own = env::var_os("CARGO_MANIFEST_DIR").expect("cargo says where the crate is");
    let read = |path: &Path| fs::read_to_string(path).expect("a source");
    let own = Path::new(&own);
    let table = read(&own.join("src/table.rs")) + &read(&own.join("tests/in_process/machines.rs"));
    let named: Vec<&str> = table.split(|c: char| !c.is_alphanumeric() && c != '_').collect();
    let mut tests = 0;
    for file in fs::read_dir(own.join("src/suite")).expect("a directory") {
        let text = read(&file.expect("an entry").path());
        for line in text.lines().filter_map(|line| line.strip_prefix("pub fn ")) {
            let test = line.split(['<', '(']).next().expect("a name");
            assert!(named.contains(&test), "{test}");
            tests += 1;
        }
    }
    assert!(tests > 60, "{tests}");
}

#[test]
fn the_suite_walks_every_dialect_that_carries_bets() {
    let messages = conformance::dialects::OneMessage::ALL.map(|of| of.0);
    let walked = [conformance::PLAIN, &[Dialect::SESSION], &messages].concat();
    for dialect in Dialect::WITH_BETS {
        assert!(walked.contains(dialect), "{dialect}");
    }
}
