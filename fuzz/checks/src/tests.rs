//! Runs every target over its seeds, over inputs that once failed, and over nothing.

use std::fs;

use crate::{TARGETS, crate_dir};

#[test]
fn every_target_passes_its_seeds() {
    for target in TARGETS {
        let seeds = (target.seeds)();
        assert!(seeds.len() >= 5, "{}", target.name);
        (target.run)(&[]);
        for seed in &seeds {
            (target.run)(seed);
            (target.run)(&seed[..seed.len() / 2]);
        }
    }
}

/// `regressions/TARGET/*`: inputs that showed a mistake, made as small as they could be.
#[test]
fn every_target_passes_inputs_that_once_failed() {
    for target in TARGETS {
        let dir = crate_dir().join("../regressions").join(target.name);
        let Ok(entries) = fs::read_dir(&dir) else { continue };
        for entry in entries {
            let path = entry.expect("an entry").path();
            println!("{}", path.display());
            (target.run)(&fs::read(path).expect("an input"));
        }
    }
}

/// Inputs that a fuzzer has found are kept beside the seeds; they are not part of the repository.
#[test]
#[ignore = "takes minutes after a long run of the fuzzer"]
fn every_target_passes_its_corpus() {
    for target in TARGETS {
        let dir = crate_dir().join("../corpus").join(target.name);
        for entry in fs::read_dir(dir).into_iter().flatten() {
            (target.run)(&fs::read(entry.expect("an entry").path()).expect("an input"));
        }
    }
}

#[test]
fn each_target_has_its_program() {
    let manifest = include_str!("../../Cargo.toml");
    let programs: Vec<&str> =
        manifest.split("[[bin]]\nname = \"").skip(1).filter_map(|part| part.split('"').next()).collect();
    assert!(programs.iter().copied().eq(TARGETS.iter().map(|target| target.name)));
    assert!(
        include_str!("../../README.md").lines().filter(|line| line.starts_with("| `")).count()
            >= TARGETS.len()
    );
}
