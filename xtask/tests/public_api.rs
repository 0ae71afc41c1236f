//! Test that the public items of each library are those of its `public-api.txt`, so that a change of them is seen.
//!
//! `UPDATE=1 cargo test -p xtask --test public_api` writes the lists anew.

mod libraries;

use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;
use std::{env, fs};

use libraries::{LIBRARIES, root};
use public_api::Builder;

/// Stands in for rustdoc. Its JSON is unstable, which `RUSTC_BOOTSTRAP` permits on a stable toolchain; only rustdoc has
/// this variable, as dependencies would be built again with it.
const RUSTDOC: &str = "#!/bin/sh\nRUSTC_BOOTSTRAP=1 exec rustdoc \"$@\"\n";

/// Writes the JSON of all libraries into `target/doc`, with the dependencies that `cargo doc --workspace --all-features`
/// has built there.
fn document(target: &Path) {
    let rustdoc = target.join("rustdoc-json");
    // A script that is written again would be a new rustdoc, and all would be documented again.
    if fs::read_to_string(&rustdoc).ok().as_deref() != Some(RUSTDOC) {
        fs::write(&rustdoc, RUSTDOC).expect("a script can be written");
    }
    fs::set_permissions(&rustdoc, fs::Permissions::from_mode(0o755)).expect("a script of ours");
    let mut cargo = Command::new(env!("CARGO"));
    cargo.current_dir(root()).args([
        "doc",
        "--quiet",
        "--no-deps",
        "--lib",
        "--all-features",
        "--target-dir",
    ]);
    cargo.arg(target);
    for library in LIBRARIES {
        cargo.args(["-p", library]);
    }
    cargo.env("RUSTDOC", &rustdoc).env("RUSTDOCFLAGS", "-Z unstable-options --output-format json");
    let output = cargo.output().expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// Returns the lines of `text` that `other` lacks, each behind `sign`.
fn only_in(text: &str, other: &str, sign: char) -> String {
    let other: Vec<&str> = other.lines().collect();
    let only = text.lines().filter(|line| !other.contains(line));
    only.map(|line| format!("{sign} {line}\n")).collect::<Vec<_>>().concat()
}

#[test]
fn the_public_items_of_each_library_are_those_that_are_written_down() {
    // The directory of this build: two levels above that of temporary files.
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("target");
    document(target);
    let mut changes = Vec::new();
    for library in LIBRARIES {
        let json = target.join(format!("doc/{}.json", library.replace('-', "_")));
        let items = Builder::from_rustdoc_json(json);
        let items = items.omit_blanket_impls(true).omit_auto_trait_impls(true).omit_auto_derived_impls(true);
        let found = match items.build() {
            Ok(found) => format!("{found}"),
            Err(error) => {
                // `eprintln!` is captured in a test that passes; a write to standard error is not.
                let skipped =
                    format!("\n*** SKIPPED: rustdoc writes a form that is not known here: {error} ***\n");
                return io::stderr().write_all(skipped.as_bytes()).expect("standard error is open");
            }
        };
        let path = root().join(library).join("public-api.txt");
        if env::var_os("UPDATE").is_some() {
            fs::write(&path, &found).expect("the list can be written");
        }
        let expected =
            fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        if found != expected {
            let (gone, new) = (only_in(&expected, &found, '-'), only_in(&found, &expected, '+'));
            changes.push(format!("{library}:\n{gone}{new}"));
        }
    }
    assert!(changes.is_empty(), "public items have changed:\n{}", changes.concat());
}
