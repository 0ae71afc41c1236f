//! Process that is ended with its owner.

use std::io;
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, ExitStatus};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// Process that runs, or has ended. It is killed on drop.
#[derive(Debug)]
pub struct Running {
    child: Mutex<Child>,
    pid: u32,
}

impl Running {
    /// Starts a command.
    ///
    /// # Errors
    /// If it cannot be started.
    pub fn start(command: &mut Command) -> io::Result<Self> {
        let child = command.spawn()?;
        let pid = child.id();
        Ok(Self { child: Mutex::new(child), pid })
    }

    /// Takes the pipe of standard input, if it is one and was not taken.
    pub fn stdin(&self) -> Option<ChildStdin> {
        self.child().stdin.take()
    }

    /// Takes the pipe of standard output, if it is one and was not taken.
    pub fn stdout(&self) -> Option<ChildStdout> {
        self.child().stdout.take()
    }

    /// Takes the pipe of standard error, if it is one and was not taken.
    pub fn stderr(&self) -> Option<ChildStderr> {
        self.child().stderr.take()
    }

    /// Returns the process id.
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// Sends a signal. The id is the process's own until its exit status was asked for.
    ///
    /// # Errors
    /// If there is no such process any more.
    pub fn signal(&self, signal: Signal) -> io::Result<()> {
        let pid = Pid::from_child(&self.child());
        Ok(kill_process(pid, signal)?)
    }

    /// Kills the process, which still has to be waited for.
    ///
    /// # Errors
    /// If the system does not let it be killed.
    pub fn kill(&self) -> io::Result<()> {
        self.child().kill()
    }

    /// Returns the exit status, if the process has ended.
    ///
    /// # Errors
    /// If the system does not tell.
    pub fn try_wait(&self) -> io::Result<Option<ExitStatus>> {
        self.child().try_wait()
    }

    /// Waits for the end, at most `limit`, and returns the exit status; `None` if the process still runs.
    ///
    /// # Errors
    /// If the system does not tell.
    pub fn wait(&self, limit: Duration) -> io::Result<Option<ExitStatus>> {
        let start = Instant::now();
        loop {
            let status = self.try_wait()?;
            if status.is_some() || start.elapsed() >= limit {
                return Ok(status);
            }
            thread::sleep(Duration::from_millis(2));
        }
    }

    /// Kills the process and waits for its end. It need not be running any more.
    pub fn end(&self) {
        let mut child = self.child();
        let _ = child.kill();
        let _ = child.wait();
    }

    fn child(&self) -> MutexGuard<'_, Child> {
        self.child.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.end();
    }
}
