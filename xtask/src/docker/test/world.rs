//! Environment of all checks: the engine, a directory, and the names that they use.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use super::super::engine::{Compose, docker, output};
use super::super::{Error, root};
use super::project::Project;

/// Network of the course's tests.
pub(super) const NETWORK: &str = "tp0_testing_net";

/// Label of containers that the checks start without Compose.
const LABEL: &str = "lottery-test";

/// Project name of `compose.yaml` in the checks.
const PROJECT: &str = "lottery-test";

/// Engine, and a directory for all files.
#[derive(Debug)]
pub(super) struct World {
    compose: Compose,
    netcat: Option<String>,
    dir: TempDir,
}

impl World {
    /// Creates the directory, and starts nothing.
    pub(super) fn new(compose: Compose, netcat: Option<String>) -> Result<Self, Error> {
        let dir = tempfile::Builder::new().prefix("lottery-docker-").tempdir();
        let dir = dir.map_err(|source| Error::File { path: env::temp_dir(), source })?;
        Ok(Self { compose, netcat, dir })
    }

    /// Returns an error if a name that the checks use is taken.
    pub(super) fn free() -> Result<(), Error> {
        if docker(["network", "inspect", NETWORK]).is_ok() {
            return Err(Error::InUse(format!("a network {NETWORK}")));
        }
        for name in ["server", "client1"] {
            if docker(["container", "inspect", name]).is_ok() {
                return Err(Error::InUse(format!("a container {name}")));
            }
        }
        Ok(())
    }

    /// Returns the image with `nc`; `None` if there is none.
    pub(super) fn netcat(&self) -> Option<&str> {
        self.netcat.as_deref()
    }

    /// Makes a new copy of the directory that is laid out as the course's repository.
    pub(super) fn course(&self) -> Result<Project, Error> {
        let copy = self.dir.path().join("tp0");
        if copy.exists() {
            fs::remove_dir_all(&copy).map_err(|source| Error::File { path: copy.clone(), source })?;
        }
        let original = root().join("docker/tp0");
        output(Command::new("cp").arg("-R").args([&original, &copy]))?;
        Ok(Project::new(self.compose, &copy, &["docker-compose-dev.yaml"], "tp0"))
    }

    /// Returns the project of `compose.yaml`, all of it on one runtime.
    pub(super) fn lottery(&self, runtime: &str) -> Project {
        self.project(&["compose.yaml"], runtime)
    }

    /// Returns the project of these Compose files.
    pub(super) fn project(&self, files: &[&str], runtime: &str) -> Project {
        Project::new(self.compose, &root(), files, PROJECT).on(runtime)
    }

    /// Starts a container of the image with `nc` that runs a busybox command, under the name `server` on the
    /// network.
    pub(super) fn other_server(&self, command: &[&str]) -> Result<(), Error> {
        if docker(["network", "inspect", NETWORK]).is_err() {
            docker(["network", "create", "--subnet", "172.25.125.0/24", "--label", LABEL, NETWORK])?;
        }
        let image = self.netcat().unwrap_or_default();
        let run =
            ["run", "--detach", "--init", "--name", "server", "--network", NETWORK, "--label", LABEL, image];
        docker(run.iter().chain(command)).map(drop)
    }

    /// Returns a path in the directory of the checks.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Removes everything that was started: first the containers without Compose, because they use its
    /// network.
    pub(super) fn clear(&self) -> Result<(), Error> {
        let label = format!("label={LABEL}");
        for container in docker(["ps", "-aq", "--filter", &label])?.lines() {
            docker(["rm", "-f", container])?;
        }
        let course = self.dir.path().join("tp0");
        let generated = course.join("docker-compose-dev.yaml").exists();
        let course =
            generated.then(|| Project::new(self.compose, &course, &["docker-compose-dev.yaml"], "tp0"));
        let mut cleared = Ok(());
        for project in course.into_iter().chain([self.lottery("tokio")]) {
            let down = project.run(&["down", "--volumes", "--remove-orphans", "-t", "5"]);
            cleared = cleared.and(down.map(drop));
        }
        for network in docker(["network", "ls", "-q", "--filter", &label])?.lines() {
            docker(["network", "rm", network])?;
        }
        Ok(())
    }
}

impl Drop for World {
    fn drop(&mut self) {
        // The error is ignored: a failure to remove things is reported after each check.
        let _ = self.clear();
    }
}

/// Writes a file.
pub(super) fn write(path: &Path, text: &str) -> Result<(), Error> {
    fs::write(path, text).map_err(|source| Error::File { path: path.to_path_buf(), source })
}
