//! The crate and all its dependencies are `no_std`: a program without `std` is built with it.

use std::env;
use std::fs;
use std::path::Path;
use std::process::Command;

#[test]
fn lottery_proto_builds_without_std() {
    let crate_dir = env::var_os("CARGO_MANIFEST_DIR").expect("cargo says where the crate is");
    let crate_dir = Path::new(&crate_dir);
    // A copy, so that nothing is written into the sources; its dependencies have the same versions.
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join("no_std");
    fs::create_dir_all(dir.join("src")).unwrap();
    let manifest = fs::read_to_string(crate_dir.join("tests/no_std/Cargo.toml")).unwrap();
    let path = format!("path = {:?}", crate_dir.to_str().unwrap());
    assert!(manifest.contains("path = \"../..\""));
    fs::write(dir.join("Cargo.toml"), manifest.replace("path = \"../..\"", &path)).unwrap();
    fs::copy(crate_dir.join("tests/no_std/src/lib.rs"), dir.join("src/lib.rs")).unwrap();
    if let Some(lock) =
        [crate_dir.join("Cargo.lock"), crate_dir.join("../Cargo.lock")].iter().find(|lock| lock.exists())
    {
        fs::copy(lock, dir.join("Cargo.lock")).unwrap();
    }

    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let built = Command::new(cargo)
        .args(["build", "--offline", "--quiet", "--manifest-path"])
        .arg(dir.join("Cargo.toml"))
        .arg("--target-dir")
        .arg(dir.join("target"))
        .env_remove("RUSTFLAGS")
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .output()
        .unwrap();
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
}
