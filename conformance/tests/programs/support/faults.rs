//! Disks that fail: file systems without room, and system calls that strace makes fail.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::{Process, SOON, command};

/// Prints that something is not tested here, also where the output of passing tests is not shown.
pub(crate) fn skip(why: &str) {
    let _ = writeln!(std::io::stderr(), "SKIPPED: {why}");
}

/// Small file system in memory, for as long as it lives.
pub(crate) struct Tmpfs(TempDir);

impl Tmpfs {
    /// Mounts it; `None` where that is not permitted. The size is as mount has it: `2m`.
    pub(crate) fn mount(size: &str) -> Option<Self> {
        let dir = TempDir::new().unwrap();
        mount(&format!("size={size}"), dir.path()).then_some(Self(dir))
    }

    pub(crate) fn resize(&self, size: &str) {
        assert!(mount(&format!("remount,size={size}"), self.0.path()));
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }
}

fn mount(options: &str, path: &Path) -> bool {
    let mut mount = Command::new("mount");
    mount.args(["-t", "tmpfs", "-o", options, "tmpfs"]).arg(path);
    mount.output().is_ok_and(|output| output.status.success())
}

impl Drop for Tmpfs {
    fn drop(&mut self) {
        // Lazily: a process that still has a file open must not keep it here.
        let _ = Command::new("umount").arg("--lazy").arg(self.0.path()).status();
    }
}

/// Returns a command that makes the `nth` sync of each of a program's threads fail, with an input/output
/// error. Calls are logged to `log`.
pub(crate) fn failing_sync(dir: &Path, nth: u32, log: &Path) -> Command {
    let mut strace = command("strace", dir);
    strace.args(["-f", "-q", "-e", "trace=fsync,fdatasync"]);
    strace.arg("-e").arg(format!("inject=fsync,fdatasync:error=EIO:when={nth}")).arg("-o").arg(log);
    strace
}

/// Returns true if strace has made a call fail.
pub(crate) fn has_failed(log: &Path) -> bool {
    fs::read_to_string(log).is_ok_and(|log| log.contains("(INJECTED)"))
}

/// Returns true if there is a strace that may watch a process which is not its child.
pub(crate) fn may_trace() -> bool {
    let dir = tempfile::tempdir().unwrap();
    let sleeper = Process::start(command("sleep", dir.path()).arg("30"));
    let found = Command::new("strace").arg("-V").output().is_ok_and(|output| output.status.success());
    found && Tracer::attach(&sleeper, failing_sync(dir.path(), 1, &dir.path().join("log"))).is_some()
}

/// strace, attached to a process.
pub(crate) struct Tracer {
    #[expect(dead_code, reason = "it counts by living")]
    strace: Process,
}

impl Tracer {
    /// Returns when every thread is watched; `None` where that is not permitted.
    pub(crate) fn attach(process: &Process, mut strace: Command) -> Option<Self> {
        let strace = Process::start(strace.args(["-p", &process.pid().to_string()]));
        let tasks = PathBuf::from(format!("/proc/{}/task", process.pid()));
        let start = Instant::now();
        while !all_traced(&tasks) {
            if !strace.is_running() {
                return None;
            }
            assert!(start.elapsed() < SOON, "strace does not begin");
            thread::sleep(Duration::from_millis(5));
        }
        Some(Self { strace })
    }
}

fn all_traced(tasks: &Path) -> bool {
    fs::read_dir(tasks).unwrap().flatten().all(|task| {
        let status = fs::read_to_string(task.path().join("status")).unwrap_or_default();
        status.lines().any(|line| line.starts_with("TracerPid:") && !line.ends_with("\t0"))
    })
}
