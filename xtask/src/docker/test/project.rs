//! Compose project: its containers are started, watched and queried.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use super::super::engine::{Compose, docker, output};
use super::super::{Error, images};
use super::line::Line;
use super::{Outcome, ensure, same};

/// Longest wait for a log line, or for the end of a service.
const PATIENCE: Duration = Duration::from_secs(60);

/// Directory with Compose files.
#[derive(Debug)]
pub(super) struct Project {
    compose: Compose,
    dir: PathBuf,
    files: Vec<String>,
    name: String,
    runtime: String,
}

impl Project {
    /// Creates the project of these files, under this name, on tokio.
    pub(super) fn new(compose: Compose, dir: &Path, files: &[&str], name: &str) -> Self {
        let files = files.iter().map(|&file| file.to_owned()).collect();
        Self { compose, dir: dir.to_path_buf(), files, name: name.to_owned(), runtime: "tokio".to_owned() }
    }

    /// Returns the project on another runtime.
    pub(super) fn on(self, runtime: &str) -> Self {
        Self { runtime: runtime.to_owned(), ..self }
    }

    /// Returns the path of a file of the project.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    /// Runs Compose. Returns its output.
    pub(super) fn run(&self, arguments: &[&str]) -> Result<String, Error> {
        let mut command = self.compose.command();
        command.current_dir(&self.dir).env("RUNTIME", &self.runtime);
        command
            .args(self.files.iter().flat_map(|file| ["-f", file]))
            .args(["-p", &self.name])
            .args(arguments);
        Ok(String::from_utf8_lossy(&output(&mut command)?.stdout).into_owned())
    }

    /// Returns a command that runs a script of the project.
    pub(super) fn script(&self, shell: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(shell);
        command.current_dir(&self.dir).args(arguments);
        command
    }

    /// Writes the course's Compose file for `clients` clients.
    pub(super) fn generate(&self, clients: u8) -> Result<(), Error> {
        let clients = clients.to_string();
        output(&mut self.script("bash", &["generar-compose.sh", "docker-compose-dev.yaml", &clients]))
            .map(drop)
    }

    /// Writes the course's Compose file, makes its images, and starts `clients` clients.
    pub(super) fn start(&self, clients: u8) -> Result<(), Error> {
        self.generate(clients)?;
        images::course(&self.dir, "server")?;
        images::course(&self.dir, "client")?;
        self.run(&["up", "-d"]).map(drop)
    }

    /// Starts these services.
    pub(super) fn up(&self, services: &[&str]) -> Result<(), Error> {
        self.run(&[&["up", "-d", "--no-build"], services].concat()).map(drop)
    }

    /// Returns the container of a service.
    pub(super) fn container(&self, service: &str) -> Result<String, Error> {
        Ok(self.run(&["ps", "-a", "-q", service])?.trim().to_owned())
    }

    /// Returns everything that a service has logged.
    pub(super) fn text(&self, service: &str) -> Result<String, Error> {
        self.run(&["logs", "--no-color", service])
    }

    /// Returns the log lines of a service that report an action.
    pub(super) fn logs(&self, service: &str) -> Result<Vec<Line>, Error> {
        Ok(self.text(service)?.lines().filter_map(Line::read).collect())
    }

    /// Returns the last log line of a service that reports this action, and waits for it if there is none
    /// yet.
    pub(super) fn wait_for(&self, service: &str, action: &str) -> Outcome<Line> {
        let end = Instant::now() + PATIENCE;
        loop {
            if let Some(line) = self.logs(service)?.into_iter().rfind(|line| line.is(action)) {
                return Ok(line);
            }
            ensure(Instant::now() < end, || format!("{service} has never logged {action}"))?;
            thread::sleep(Duration::from_millis(100));
        }
    }

    /// Waits until a service has ended. Returns its exit code.
    pub(super) fn wait(&self, service: &str) -> Outcome<i32> {
        let container = self.container(service)?;
        let end = Instant::now() + PATIENCE;
        loop {
            let state = docker(["inspect", "-f", "{{.State.Status}} {{.State.ExitCode}}", &container])?;
            if let Some(code) = state.strip_prefix("exited ") {
                return Ok(code.parse()?);
            }
            ensure(Instant::now() < end, || format!("{service} has not ended, but is {state}"))?;
            thread::sleep(Duration::from_millis(100));
        }
    }

    /// Waits until each of these services has ended. Returns an error unless each has exited with 0.
    pub(super) fn done(&self, services: &[&str]) -> Outcome {
        for service in services {
            same(&format!("exit code of {service}"), &self.wait(service)?, &0)?;
        }
        Ok(())
    }

    /// Checks that a service runs.
    pub(super) fn runs(&self, service: &str) -> Outcome {
        let state = docker(["inspect", "-f", "{{.State.Status}}", &self.container(service)?])?;
        same(service, &state.as_str(), &"running")
    }

    /// Checks that no line of these services has the result `fail`.
    pub(super) fn nothing_failed(&self, services: &[&str]) -> Outcome {
        for service in services {
            let failed = self.logs(service)?.into_iter().find(|line| line.field("result") == Some("fail"));
            ensure(failed.is_none(), || format!("{service} has logged {failed:?}"))?;
        }
        Ok(())
    }

    /// Returns the number of stored bets of each agency from 1 to `agencies`, as the server's own program
    /// counts them.
    pub(super) fn count(&self, agencies: u8) -> Outcome<Vec<u64>> {
        let program = format!("/bin/lottery-server-{}", self.runtime);
        let text = self.run(&["exec", "-T", "server", &program, "count"])?;
        let of = |agency: u8| {
            let start = format!("agency {agency}: ");
            text.lines().find_map(|line| line.strip_prefix(&start)?.parse().ok()).unwrap_or(0)
        };
        let counts: Vec<u64> = (1..=agencies).map(of).collect();
        let all = format!("all: {}", counts.iter().sum::<u64>());
        ensure(text.lines().any(|line| line == all), || format!("{text:?} has no {all:?}"))?;
        Ok(counts)
    }
}

/// Returns the names of the services of `clients` clients.
pub(super) fn clients(clients: u8) -> Vec<String> {
    (1..=clients).map(|client| format!("client{client}")).collect()
}
