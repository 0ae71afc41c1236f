//! Resources that a process uses, from `/proc`.

use std::fs;
use std::time::Duration;

/// Length of a clock tick of `/proc`.
const TICK: Duration = Duration::from_millis(10);

/// Returns the processor time that a process has used; `None` if there is no such process.
pub fn cpu(pid: u32) -> Option<Duration> {
    used(pid, 2)
}

/// Returns the processor time of a process and of its children, both ended and living; `None` if the process
/// has ended.
pub fn cpu_with_children(pid: u32) -> Option<Duration> {
    let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).ok()?;
    let children = children.split_whitespace().filter_map(|child| child.parse().ok());
    let living: Duration = children.filter_map(cpu_with_children).sum();
    Some(living + used(pid, 4)?)
}

/// Returns the sum of the first `times` of four values: a process's own user and system time, and the user
/// and system time of its children that have ended.
fn used(pid: u32, times: usize) -> Option<Duration> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // Fields after the process's name, which may contain any character.
    let (_, fields) = stat.rsplit_once(')')?;
    let ticks = fields.split_whitespace().skip(11).take(times).map(str::parse::<u32>);
    Some(TICK * ticks.sum::<Result<u32, _>>().ok()?)
}

/// Returns a value of a process's memory in KiB, by its name in `/proc/PID/status`, as `VmHWM`; `None` if
/// there is no such process.
pub fn memory(pid: u32, name: &str) -> Option<u64> {
    status(pid, name)?.split_whitespace().next()?.parse().ok()
}

/// Returns the number of entries of a directory of a process: `task` for threads, `fd` for descriptors;
/// `None` if there is no such process.
pub fn entries(pid: u32, directory: &str) -> Option<usize> {
    Some(fs::read_dir(format!("/proc/{pid}/{directory}")).ok()?.count())
}

/// Returns a field of `/proc/PID/status`; `None` if the process is over.
pub(super) fn status(pid: u32, name: &str) -> Option<String> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let value = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
    Some(value.trim().to_owned())
}
