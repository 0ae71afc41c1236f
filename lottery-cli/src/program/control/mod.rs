//! Control socket `DATA_DIR/lottery.sock`, at which another process asks a running server for a state of
//! its store.
//!
//! The server has its store to itself, and a copy of the open files is not a backup. So `backup`, `export`,
//! `count` and `status` send a line with a word, [`ALL`] or [`WITHOUT_ROWS`]. The reply has the form of a backup,
//! whose end shows that it is whole. The socket belongs to its owner, and only the same user, or root, may
//! ask.

mod asking;
mod serving;

use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::AsRawFd as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::OFlags;

pub(super) use self::asking::{ask_server, read_parts};
pub(super) use self::serving::Control;

const SOCKET: &str = "lottery.sock";
/// Request for everything that is stored.
const ALL: &str = "backup\n";
/// Request for everything but the rows.
const WITHOUT_ROWS: &str = "agencies\n";
/// Time that either side waits for the other.
const PATIENCE: Duration = Duration::from_secs(30);
/// Maximum length of a socket's path that every system takes, in bytes.
const MAX_PATH: usize = 100;

/// Calls `does` with the socket's path. A path that is too long for the system is replaced by one through a
/// descriptor of the directory.
fn at_socket<T>(data_dir: &Path, does: impl FnOnce(&Path) -> io::Result<T>) -> io::Result<T> {
    let path = data_dir.join(SOCKET);
    if path.as_os_str().as_bytes().len() <= MAX_PATH {
        return does(&path);
    }
    let (_directory, path) = by_descriptor(data_dir)?;
    does(&path)
}

fn by_descriptor(data_dir: &Path) -> io::Result<(File, PathBuf)> {
    let flags = OFlags::PATH | OFlags::DIRECTORY;
    let flags = i32::try_from(flags.bits()).map_err(io::Error::other)?;
    let directory = OpenOptions::new().read(true).custom_flags(flags).open(data_dir)?;
    let path = format!("/proc/self/fd/{}/{SOCKET}", directory.as_raw_fd());
    Ok((directory, path.into()))
}
