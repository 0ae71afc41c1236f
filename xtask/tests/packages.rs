//! Tests that the library crates are ready to be published: each package says what it is, holds its license texts, and
//! needs nothing that is not published.

mod libraries;

use std::path::Path;
use std::process::Command;
use std::{env, fs};

use libraries::{LIBRARIES, root};
use serde_json::Value;

/// Returns the packages of the workspace, as cargo reads them.
fn packages() -> Vec<Value> {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.current_dir(root()).args(["metadata", "--no-deps", "--offline", "--format-version", "1"]);
    let output = cargo.output().expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    metadata["packages"].as_array().expect("packages").clone()
}

/// Returns whether cargo may publish a package.
fn is_published(package: &Value) -> bool {
    package["publish"].is_null()
}

fn is_library(package: &Value) -> bool {
    LIBRARIES.iter().any(|library| package["name"] == *library)
}

/// Calls `visit` with the path and the text of each file of Rust below `dir`.
fn visit_sources(dir: &Path, visit: &mut impl FnMut(&Path, &str)) {
    for entry in fs::read_dir(dir).expect("a directory of the repository") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            visit_sources(&path, visit);
        } else {
            visit(&path, &fs::read_to_string(&path).expect("a text"));
        }
    }
}

#[test]
fn only_the_libraries_can_be_published() {
    let packages = packages();
    let mut published: Vec<&str> = packages
        .iter()
        .filter(|package| is_published(package))
        .map(|package| package["name"].as_str().expect("a name"))
        .collect();
    let mut libraries = LIBRARIES.to_vec();
    published.sort_unstable();
    libraries.sort_unstable();
    assert_eq!(published, libraries);
}

#[test]
fn each_library_describes_itself() {
    for package in packages().iter().filter(|package| is_library(package)) {
        let name = package["name"].as_str().expect("a name");
        for key in ["description", "license", "readme", "documentation", "rust_version"] {
            assert!(package[key].as_str().is_some_and(|text| !text.is_empty()), "{name} has no {key}");
        }
        assert_eq!(package["documentation"], format!("https://docs.rs/{name}"));
        // Limits of crates.io.
        let keywords = package["keywords"].as_array().expect("keywords");
        assert!((1..=5).contains(&keywords.len()), "{name}: {keywords:?}");
        assert!(
            keywords.iter().all(|keyword| keyword.as_str().is_some_and(|text| text.len() <= 20)),
            "{name}"
        );
        let categories = package["categories"].as_array().expect("categories");
        assert!((1..=5).contains(&categories.len()), "{name}: {categories:?}");
        assert!(package["metadata"]["docs"]["rs"].is_object(), "{name}");
    }
}

#[test]
fn each_library_depends_on_versions_of_libraries() {
    for package in packages().iter().filter(|package| is_library(package)) {
        for dependency in package["dependencies"].as_array().expect("dependencies") {
            // A dependency of tests without a version is not named in the package.
            let in_package = dependency["kind"] != "dev" || dependency["req"] != "*";
            if in_package && !dependency["path"].is_null() {
                let (package, name) = (&package["name"], &dependency["name"]);
                assert_ne!(dependency["req"], "*", "{package}: {name}");
                assert!(is_library(dependency), "{package}: {name}");
            }
        }
    }
}

#[test]
fn unit_tests_of_libraries_use_no_unpublished_crate() {
    for library in LIBRARIES {
        visit_sources(&root().join(library).join("src"), &mut |path, text| {
            assert!(
                !text.contains("lottery_testkit"),
                "{}: its tests do not build in a package",
                path.display()
            );
        });
    }
}

#[test]
fn each_library_has_a_copy_of_the_licenses() {
    for license in ["LICENSE-APACHE", "LICENSE-MIT"] {
        let original = fs::read_to_string(root().join(license)).expect("a license");
        for library in LIBRARIES {
            let copy = fs::read_to_string(root().join(library).join(license));
            assert_eq!(copy.ok().as_ref(), Some(&original), "{library}/{license}");
        }
    }
}
