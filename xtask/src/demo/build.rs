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
    pub(super) fn server(&self) -> PathBuf {
        self.dir.join(server_of(self.runtimes.server()))
    }

    /// Returns the path of an agency's program.
    pub(super) fn client(&self, agency: u8) -> PathBuf {
        self.dir.join(client_of(self.runtimes.client(agency)))
    }
}

/// Builds the programs that the server and `agencies` agencies need, and no others. cargo shows its progress.
///
/// They are built with the features of the whole workspace, so that no mixture of runtimes builds anything again.
pub(super) fn build(runtimes: &Runtimes, agencies: u8, debug: bool) -> Result<Programs, Error> {
    let target = target_dir().map_err(Error::Cargo)?;
    let mut wanted = vec![(runtimes.server(), server_of(runtimes.server()))];
    for runtime in (1..=agencies).map(|agency| runtimes.client(agency)) {
        let program = (runtime, client_of(runtime));
        if !wanted.contains(&program) {
            wanted.push(program);
        }
    }
    // A feature changes the programs of other runtimes, too, so those that need one are built apart.
    let (plain, featured): (Vec<_>, Vec<_>) =
        wanted.into_iter().partition(|(runtime, _)| runtime.feature().is_none());
    for programs in [plain, featured].iter().filter(|programs| !programs.is_empty()) {
        cargo_build(programs, &target, debug)?;
    }
    let dir = target.join(if debug { "debug" } else { "release" });
    Ok(Programs { dir, runtimes: runtimes.clone() })
}

fn cargo_build(programs: &[(Runtime, String)], target: &Path, debug: bool) -> Result<(), Error> {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(root()).args(["build", "--workspace", "--target-dir"]).arg(target);
    if !debug {
        cargo.arg("--release");
    }
    cargo
        .args(programs.iter().filter_map(|(runtime, _)| runtime.feature()).flat_map(|it| ["--features", it]));
    cargo.args(programs.iter().flat_map(|(_, program)| ["--bin", program]));
    let status = cargo.status().map_err(Error::Cargo)?;
    let mut names: Vec<&str> = programs.iter().map(|(runtime, _)| runtime.name()).collect();
    names.dedup();
    if status.success() { Ok(()) } else { Err(Error::Build(names.join(", "))) }
}

fn server_of(runtime: Runtime) -> String {
    format!("lottery-server-{runtime}")
}

fn client_of(runtime: Runtime) -> String {
    format!("lottery-client-{runtime}")
}
