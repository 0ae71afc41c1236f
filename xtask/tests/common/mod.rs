//! Helpers of the tests that hold documents to the tree.

use std::env;
use std::path::{Path, PathBuf};

/// Returns the root of the repository.
pub(crate) fn root() -> PathBuf {
    Path::new(&env::var_os("CARGO_MANIFEST_DIR").expect("cargo says where the crate is")).join("..")
}

/// Expands the abbreviation that a path begins with: P, C, S, U and D stand for directories of tests and of the
/// lottery.
pub(crate) fn whole(path: &str) -> String {
    let short = [
        ("P/", "lottery-proto/tests/"),
        ("C/", "lottery-core/tests/"),
        ("S/", "lottery-core/src/"),
        ("U/", "conformance/src/suite/"),
        ("D/", "conformance/tests/"),
    ];
    let found = short.iter().find_map(|(short, long)| Some(format!("{long}{}", path.strip_prefix(short)?)));
    found.unwrap_or_else(|| path.to_owned())
}
