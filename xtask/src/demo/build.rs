//! Build of the programs of the chosen runtimes.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use lottery_testkit::process::target_dir;

use super::Error;
use super::runtimes::{Runtime, Runtimes};
use crate::root::root;

/// Programs that were built.
#[derive(Debug)]
pub(super) struct Programs {
    dir: PathBuf,
    runtimes: Runtimes,
}

impl Programs {
    /// Returns the path of the server's program.
    pub(super) fn centre(&self) -> PathBuf {
        self.dir.join(centre_of(self.runtimes.centre()))
    }

    /// Returns the path of an agency's program.
    pub(super) fn agency(&self, agency: u8) -> PathBuf {
        self.dir.join(agency_of(self.runtimes.agency(agency)))
    }
}

/// Builds the programs that the server and `agencies` agencies need, and no others. cargo shows its progress.
///
/// Each runtime is built in a run of its own: cargo unifies the features of packages that are built together,
/// so each mixture would build them again.
pub(super) fn build(runtimes: &Runtimes, agencies: u8, debug: bool) -> Result<Programs, Error> {
    let target = target_dir().map_err(Error::Cargo)?;
    let mut wanted = vec![(runtimes.centre(), vec![centre_of(runtimes.centre())])];
    for runtime in (1..=agencies).map(|agency| runtimes.agency(agency)) {
        let program = agency_of(runtime);
        match wanted.iter_mut().find(|(other, _)| *other == runtime) {
            None => wanted.push((runtime, vec![program])),
            Some((_, programs)) if !programs.contains(&program) => programs.push(program),
            Some(_) => {}
        }
    }
    for (runtime, programs) in &wanted {
        cargo_build(*runtime, programs, &target, debug)?;
    }
    let dir = target.join(if debug { "debug" } else { "release" });
    Ok(Programs { dir, runtimes: runtimes.clone() })
}

fn cargo_build(runtime: Runtime, programs: &[String], target: &Path, debug: bool) -> Result<(), Error> {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(root()).arg("build").arg("--target-dir").arg(target);
    if !debug {
        cargo.arg("--release");
    }
    let (package, feature) = runtime.package();
    cargo.args(["-p", package]).args(feature.iter().flat_map(|feature| ["--features", feature]));
    cargo.args(programs.iter().flat_map(|program| ["--bin", program]));
    let status = cargo.status().map_err(Error::Cargo)?;
    if status.success() { Ok(()) } else { Err(Error::Build(runtime.name().into())) }
}

fn centre_of(runtime: Runtime) -> String {
    format!("lottery-server-{runtime}")
}

fn agency_of(runtime: Runtime) -> String {
    format!("lottery-client-{runtime}")
}
