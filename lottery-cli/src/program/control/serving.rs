//! The server's side of the control socket: one thread listens, and one answers each client.

use std::fs;
use std::io::{self, BufRead as _, BufReader, BufWriter, Read as _, Write as _};
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use lottery_core::store::Snapshots;
use lottery_store::transfer::{BackupWriter, TransferError, read_store, rejection};
use tracing::{info, warn};

use super::{ALL, PATIENCE, SOCKET, WITHOUT_ROWS, at_socket};
use crate::local_socket::{Answers, LocalSocket, set_patience};

/// Maximum number of clients that are answered at once; each holds a state of the store.
const MAX_CLIENTS: usize = 4;

/// Control socket of a running server, which is removed when this is dropped.
#[derive(Debug)]
pub(in crate::program) struct Control {
    path: PathBuf,
    inode: u64,
    socket: Option<LocalSocket>,
}

impl Control {
    /// Answers clients at the socket of a directory, of which the caller has the lock.
    ///
    /// # Errors
    ///
    /// No socket can be made, for instance because the file system has none.
    pub(in crate::program) fn start(data_dir: &Path, snapshots: Arc<dyn Snapshots>) -> io::Result<Self> {
        let path = std::path::absolute(data_dir)?.join(SOCKET);
        match fs::symlink_metadata(&path) {
            // The socket of a server that was killed is still there.
            Ok(found) if found.file_type().is_socket() => fs::remove_file(&path)?,
            Ok(_) => return Err(io::Error::new(io::ErrorKind::AlreadyExists, "there is another file")),
            Err(_) => {}
        }
        let listener = at_socket(data_dir, |path| UnixListener::bind(path))?;
        let mut control = Self { inode: fs::symlink_metadata(&path)?.ino(), path, socket: None };
        fs::set_permissions(&control.path, fs::Permissions::from_mode(0o600))?;
        let answer = move |stream: &UnixStream| answer(stream, &*snapshots);
        let socket = LocalSocket::open(
            listener,
            Answers { name: "control", max_clients: MAX_CLIENTS, too_many, answer },
        )?;
        control.socket = Some(socket);
        Ok(control)
    }
}

impl Drop for Control {
    fn drop(&mut self) {
        // The socket of a later server stays.
        if fs::symlink_metadata(&self.path).is_ok_and(|found| found.ino() == self.inode) {
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Tells a client that too many are being answered. A state of the store costs memory for as long as a
/// client reads it.
fn too_many(stream: &UnixStream) {
    let rejection = rejection(&TransferError::Rejected("too many ask at once".to_owned()));
    let _ = stream.set_nonblocking(true).and_then(|()| (&*stream).write_all(rejection.as_bytes()));
}

fn answer(stream: &UnixStream, snapshots: &dyn Snapshots) {
    let asked = match asked(stream) {
        Ok(asked) => asked,
        Err(error) => {
            warn!(action = "control", result = "fail", reason = %error);
            return;
        }
    };
    let what = asked.trim_end();
    match send(stream, snapshots, asked) {
        Ok(()) => info!(action = "control", result = "success", asked = what),
        Err(error) => {
            // A reply that has begun lacks its end then, so the client knows that it is not whole.
            let _ = (&*stream).write_all(rejection(&error).as_bytes());
            warn!(action = "control", result = "fail", asked = what, reason = %error);
        }
    }
}

/// Reads the request of a client.
fn asked(stream: &UnixStream) -> io::Result<&'static str> {
    set_patience(stream, PATIENCE)?;
    let mut line = String::new();
    BufReader::new(stream.take(64)).read_line(&mut line)?;
    let known = [ALL, WITHOUT_ROWS].into_iter().find(|known| *known == line);
    known.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "it is not known what is asked"))
}

fn send(stream: &UnixStream, snapshots: &dyn Snapshots, asked: &str) -> Result<(), TransferError> {
    let snapshot = snapshots.take()?;
    let mut writer = BackupWriter::new(BufWriter::with_capacity(64 * 1024, stream))?;
    read_store(&*snapshot, asked == ALL, &mut |part| writer.put(part))?;
    writer.end()?;
    Ok(())
}
