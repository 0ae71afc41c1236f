//! Test that the public items of `lottery-proto` are those of `lottery-proto/public-api.txt`, so that a
//! change of them is seen.
//!
//! `UPDATE=1 cargo test -p xtask --test public_api` writes the list anew.

use std::io::{self, Write as _};
use std::path::Path;
use std::process::Command;
use std::{env, fs};

use public_api::Builder;

#[test]
fn the_public_items_of_the_library_are_those_that_are_written_down() {
    let root =
        Path::new(&env::var_os("CARGO_MANIFEST_DIR").expect("cargo says where the crate is")).join("..");
    let target = tempfile::tempdir().expect("a temporary directory");
    let mut cargo = Command::new(env!("CARGO"));
    cargo.current_dir(&root).args(["rustdoc", "--quiet", "--lib", "-p", "lottery-proto", "--target-dir"]);
    cargo.arg(target.path()).args(["--", "-Z", "unstable-options", "--output-format", "json"]);
    // JSON output of rustdoc is unstable, and `RUSTC_BOOTSTRAP` permits it on a stable toolchain.
    cargo.env("RUSTC_BOOTSTRAP", "1").env_remove("RUSTDOCFLAGS");
    let output = cargo.output().expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));

    let mut json = Builder::from_rustdoc_json(target.path().join("doc/lottery_proto.json"));
    json = json.omit_blanket_impls(true).omit_auto_trait_impls(true).omit_auto_derived_impls(true);
    let found = match json.build() {
        Ok(found) => format!("{found}"),
        Err(error) => {
            // `eprintln!` is captured in a test that passes; a write to standard error is not.
            let said = format!("\n*** SKIPPED: rustdoc writes a form that is not known here: {error} ***\n");
            return io::stderr().write_all(said.as_bytes()).expect("standard error is open");
        }
    };
    let path = root.join("lottery-proto/public-api.txt");
    if env::var_os("UPDATE").is_some() {
        fs::write(&path, &found).expect("the list can be written");
    }
    let expected = fs::read_to_string(&path).expect("there is a list");
    let of = |text: &str, other: &str, sign: char| {
        let other: Vec<&str> = other.lines().collect();
        let only = text.lines().filter(|line| !other.contains(line));
        only.map(|line| format!("{sign} {line}\n")).collect::<Vec<_>>().concat()
    };
    let change = of(&expected, &found, '-') + &of(&found, &expected, '+');
    assert!(change.is_empty() && found == expected, "public items have changed:\n{change}");
}
