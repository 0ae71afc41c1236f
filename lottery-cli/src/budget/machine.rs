//! Amount of memory available to this process.

use std::fs;
use std::path::Path;

/// Bound from which a limit of a cgroup counts as none, in bytes.
const NO_LIMIT: u64 = i64::MAX as u64 / 2;

/// Returns the memory of the machine, or the lowest limit of the process's cgroup and those above it, in
/// bytes; `None` if neither is known.
///
/// `root` is the directory of the system's own file systems: `/`.
pub(super) fn memory(root: &Path) -> Option<u64> {
    let cgroups = fs::read_to_string(root.join("proc/self/cgroup")).unwrap_or_default();
    let of_cgroups = cgroups.lines().filter_map(|line| of_cgroup(root, line));
    of_machine(root).into_iter().chain(of_cgroups).min()
}

/// Returns the bytes in the line `MemTotal: 24683504 kB` of `/proc/meminfo`.
fn of_machine(root: &Path) -> Option<u64> {
    let text = fs::read_to_string(root.join("proc/meminfo")).ok()?;
    let total = text.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    total.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
}

/// Returns the limit of a line of `/proc/self/cgroup`: `0::/PATH` of version 2, `4:memory:/PATH` of version
/// 1. In a container the path may be the one outside, and its limit is then at the root of the mount.
fn of_cgroup(root: &Path, line: &str) -> Option<u64> {
    let mut parts = line.splitn(3, ':');
    let (number, controllers, path) = (parts.next()?, parts.next()?, parts.next()?);
    let (mount, name) = match controllers {
        "" if number == "0" => ("sys/fs/cgroup", "memory.max"),
        _ if controllers.split(',').any(|controller| controller == "memory") => {
            ("sys/fs/cgroup/memory", "memory.limit_in_bytes")
        }
        _ => return None,
    };
    let mount = root.join(mount);
    let path = Path::new(path.trim_start_matches('/'));
    let limit = |above: &Path| fs::read_to_string(mount.join(above).join(name)).ok()?.trim().parse().ok();
    path.ancestors().filter_map(limit).filter(|limit| *limit < NO_LIMIT).min()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn machine(files: &[(&str, &str)]) -> Option<u64> {
        let root = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = root.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        memory(root.path())
    }

    const MEMINFO: (&str, &str) = ("proc/meminfo", "MemTotal:       24683504 kB\nMemFree:   1 kB\n");

    #[test]
    fn memory_without_a_cgroup_is_that_of_the_machine() {
        assert_eq!(machine(&[MEMINFO]), Some(24_683_504 * 1024));
        assert_eq!(machine(&[]), None);
        let none = ("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
        assert_eq!(machine(&[MEMINFO, ("proc/self/cgroup", "4:memory:/\n"), none]), Some(24_683_504 * 1024));
        let none = ("sys/fs/cgroup/a/memory.max", "max\n");
        assert_eq!(machine(&[MEMINFO, ("proc/self/cgroup", "0::/a\n"), none]), Some(24_683_504 * 1024));
    }

    #[test]
    fn the_smallest_limit_of_its_cgroup_and_those_above_counts() {
        let own = ("proc/self/cgroup", "0::/a/b\n");
        let limits =
            [("sys/fs/cgroup/a/memory.max", "1000000\n"), ("sys/fs/cgroup/a/b/memory.max", "2000000\n")];
        assert_eq!(machine(&[MEMINFO, own, limits[0], limits[1]]), Some(1_000_000));
        assert_eq!(machine(&[MEMINFO, own, limits[1]]), Some(2_000_000));
    }

    #[test]
    fn version_1_uses_the_group_of_the_memory_controller() {
        let own = ("proc/self/cgroup", "5:devices:/c\n4:hugetlb,memory:/a/b\n1:name=systemd:/\n0::/\n");
        let limit = ("sys/fs/cgroup/memory/a/b/memory.limit_in_bytes", "3000000\n");
        let other = ("sys/fs/cgroup/memory/c/memory.limit_in_bytes", "1\n");
        assert_eq!(machine(&[MEMINFO, own, limit, other]), Some(3_000_000));
    }

    #[test]
    fn a_container_shown_a_path_outside_has_its_limit_at_the_root() {
        for (own, limit) in [
            ("0::/docker/0123\n", "sys/fs/cgroup/memory.max"),
            ("4:memory:/docker/0123\n", "sys/fs/cgroup/memory/memory.limit_in_bytes"),
        ] {
            assert_eq!(machine(&[MEMINFO, ("proc/self/cgroup", own), (limit, "4000000\n")]), Some(4_000_000));
        }
    }

    #[test]
    fn a_limit_above_the_memory_of_the_machine_does_not_count() {
        let (own, limit) = (("proc/self/cgroup", "0::/\n"), ("sys/fs/cgroup/memory.max", "99999999999999\n"));
        assert_eq!(machine(&[MEMINFO, own, limit]), Some(24_683_504 * 1024));
    }

    #[test]
    fn this_machine_has_memory() {
        assert!(memory(Path::new("/")).is_some_and(|bytes| bytes > 1 << 20));
    }
}
