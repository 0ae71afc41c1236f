//! Processes that are told and print lines.

use std::io::{self, BufRead as _, BufReader, Write as _};
use std::process::{ChildStdout, Command, Stdio};
use std::time::Duration;

use lottery_testkit::process::Running;

/// Process that prints lines. It is killed on drop.
#[derive(Debug)]
pub struct Worker {
    process: Running,
    lines: BufReader<ChildStdout>,
}

impl Worker {
    /// Starts a command.
    ///
    /// # Errors
    /// If it cannot be started.
    pub fn start(command: &mut Command) -> io::Result<Self> {
        let process = Running::start(command.stdin(Stdio::piped()).stdout(Stdio::piped()))?;
        let lines = BufReader::new(process.stdout().expect("it is piped"));
        Ok(Self { process, lines })
    }

    /// Returns the next line, without its end; an empty one if the process has ended.
    ///
    /// # Panics
    /// If the line is no text.
    pub fn line(&mut self) -> String {
        let mut line = String::new();
        self.lines.read_line(&mut line).expect("it prints text");
        line.truncate(line.trim_end().len());
        line
    }

    /// Returns the numbers of the next line.
    ///
    /// # Panics
    /// If it holds anything else.
    pub fn numbers(&mut self) -> Vec<f64> {
        self.line().split_whitespace().map(|number| number.parse().expect("a number")).collect()
    }

    /// Writes a line to the process.
    ///
    /// # Panics
    /// If it has ended, or was written to before.
    pub fn tell(&self, line: &str) {
        writeln!(self.process.stdin().expect("it is piped"), "{line}").expect("the process works");
    }

    /// Waits for the end of the process.
    ///
    /// # Panics
    /// If it fails.
    pub fn finish(&self) {
        let status = self.process.wait(Duration::MAX).expect("the process ends");
        assert!(status.is_some_and(|status| status.success()), "{status:?}");
    }
}
