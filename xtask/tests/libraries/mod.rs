//! Library crates, which can be published: each is in a directory of its name.

use std::env;
use std::path::{Path, PathBuf};

/// Names of the library crates, each behind those that it depends on.
pub(crate) const LIBRARIES: [&str; 9] = [
    "lottery-proto",
    "lottery-runtime",
    "lottery-core",
    "lottery-store",
    "lottery-tls",
    "lottery-cli",
    "runtime-tokio",
    "runtime-std",
    "runtime-smol",
];

/// Returns the root of the repository.
pub(crate) fn root() -> PathBuf {
    Path::new(&env::var_os("CARGO_MANIFEST_DIR").expect("cargo says where the crate is")).join("..")
}
