//! How another process asks a running centre for a state of its store: through `DATA_DIR/lottery.sock`.
//!
//! The centre has its store to itself, and a copy of its files is none. So `backup`, `export` and `count` ask for what they
//! need: a line with a word, [`ALL`] or [`WITHOUT_ROWS`]. The answer is in the form of a backup, whose end says that it is
//! whole. The socket is its owner's, and whoever asks must be the same user, or root.

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

pub(super) use self::asking::read_parts;
pub(super) use self::serving::Control;

const SOCKET: &str = "lottery.sock";
/// All that is stored.
const ALL: &str = "backup\n";
/// The same without the rows.
const WITHOUT_ROWS: &str = "agencies\n";
/// How long either side waits for the other.
const PATIENCE: Duration = Duration::from_secs(30);
/// The longest path of a socket that every system takes, in bytes.
const LONGEST_PATH: usize = 100;

/// Does something with the socket's path, which may be too long for the system: then by another name of its directory.
fn at_socket<T>(data_dir: &Path, does: impl FnOnce(&Path) -> io::Result<T>) -> io::Result<T> {
    let path = data_dir.join(SOCKET);
    if path.as_os_str().as_bytes().len() <= LONGEST_PATH {
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
