//! What all checks share: the engine, a directory, and the names that they use.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use super::super::engine::{Compose, docker, output};
use super::super::{Error, root};
use super::project::Project;

/// The network of the course's tests.
pub(super) const NETWORK: &str = "tp0_testing_net";

/// The label of containers that the checks start by themselves.
const LABEL: &str = "lottery-test";

/// The project of `compose.yaml` in the checks.
const PROJECT: &str = "lottery-test";

/// The engine, and a directory for all files.
#[derive(Debug)]
pub(super) struct World {
    compose: Compose,
    netcat: Option<String>,
    dir: TempDir,
}

impl World {
    /// Nothing runs yet.
    pub(super) fn new(compose: Compose, netcat: Option<String>) -> Result<Self, Error> {
        let dir = tempfile::Builder::new().prefix("lottery-docker-").tempdir();
        let dir = dir.map_err(|source| Error::File { path: env::temp_dir(), source })?;
        Ok(Self { compose, netcat, dir })
    }

    /// Whether the names that the checks use are free.
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

    /// The image with `nc`.
    pub(super) fn netcat(&self) -> Option<&str> {
        self.netcat.as_deref()
    }

    /// A new copy of the directory that is laid out as the course's repository.
    pub(super) fn course(&self) -> Result<Project, Error> {
        let copy = self.dir.path().join("tp0");
        if copy.exists() {
            fs::remove_dir_all(&copy).map_err(|source| Error::File { path: copy.clone(), source })?;
        }
        let original = root().join("docker/tp0");
        output(Command::new("cp").arg("-R").args([&original, &copy]))?;
        Ok(Project::new(self.compose, &copy, &["docker-compose-dev.yaml"], "tp0"))
    }

    /// The project of `compose.yaml`, all of it on one runtime.
    pub(super) fn lottery(&self, runtime: &str) -> Project {
        self.project(&["compose.yaml"], runtime)
    }

    /// The project of these Compose files.
    pub(super) fn project(&self, files: &[&str], runtime: &str) -> Project {
        Project::new(self.compose, &root(), files, PROJECT).on(runtime)
    }

    /// A container that is not ours, under the name `server` on the network, with a command of busybox.
    pub(super) fn other_server(&self, command: &[&str]) -> Result<(), Error> {
        if docker(["network", "inspect", NETWORK]).is_err() {
            docker(["network", "create", "--subnet", "172.25.125.0/24", "--label", LABEL, NETWORK])?;
        }
        let image = self.netcat().unwrap_or_default();
        let run =
            ["run", "--detach", "--init", "--name", "server", "--network", NETWORK, "--label", LABEL, image];
        docker(run.iter().chain(command)).map(drop)
    }

    /// A path in the directory of the checks.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Removes everything that was started: first what Compose knows nothing of, because it uses the network.
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
        // Whatever it is, it has been told of already.
        let _ = self.clear();
    }
}

/// Writes a file.
pub(super) fn write(path: &Path, text: &str) -> Result<(), Error> {
    fs::write(path, text).map_err(|source| Error::File { path: path.to_path_buf(), source })
}
