//! The centre's side: a thread that listens, and one for each who asks.

use std::fs;
use std::io::{self, BufRead as _, BufReader, BufWriter, Read as _, Write as _};
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use rustix::net::sockopt::socket_peercred;
use rustix::process::geteuid;
use tracing::{info, warn};

use super::{ALL, PATIENCE, SOCKET, WITHOUT_ROWS, at_socket};
use crate::store::Snapshots;
use crate::transfer::{BackupWriter, TransferError, read_store, refusal};

/// So many are answered at once; each holds a state of the store.
const MOST: usize = 4;

/// The socket of a running centre. It goes when this is dropped.
#[derive(Debug)]
pub(in crate::app) struct Control {
    path: PathBuf,
    inode: u64,
}

impl Control {
    /// Answers who asks at the socket of that directory, of which the caller has the lock.
    ///
    /// # Errors
    ///
    /// There is no socket to be had: the file system has none, for instance.
    pub(in crate::app) fn start(data_dir: &Path, snapshots: Arc<dyn Snapshots>) -> io::Result<Self> {
        let path = std::path::absolute(data_dir)?.join(SOCKET);
        match fs::symlink_metadata(&path) {
            // Of a centre that was killed.
            Ok(found) if found.file_type().is_socket() => fs::remove_file(&path)?,
            Ok(_) => return Err(io::Error::new(io::ErrorKind::AlreadyExists, "there is another file")),
            Err(_) => {}
        }
        let listener = at_socket(data_dir, |path| UnixListener::bind(path))?;
        let control = Self { inode: fs::symlink_metadata(&path)?.ino(), path };
        fs::set_permissions(&control.path, fs::Permissions::from_mode(0o600))?;
        thread::Builder::new().name("control".to_owned()).spawn(move || listen(&listener, &snapshots))?;
        Ok(control)
    }
}

impl Drop for Control {
    fn drop(&mut self) {
        // That of a later centre stays.
        if fs::symlink_metadata(&self.path).is_ok_and(|found| found.ino() == self.inode) {
            let _ = fs::remove_file(&self.path);
        }
    }
}

fn listen(listener: &UnixListener, snapshots: &Arc<dyn Snapshots>) {
    let busy = Arc::new(AtomicUsize::new(0));
    loop {
        let Ok((stream, _)) = listener.accept() else {
            // Without descriptors it would fail again at once.
            thread::sleep(crate::seam::ACCEPT_PAUSE);
            continue;
        };
        if busy.fetch_add(1, Ordering::Relaxed) >= MOST {
            busy.fetch_sub(1, Ordering::Relaxed);
            let refusal = refusal(&TransferError::Refused("too many ask at once".to_owned()));
            let _ = stream.set_nonblocking(true).and_then(|()| (&stream).write_all(refusal.as_bytes()));
            continue;
        }
        let (snapshots, done) = (Arc::clone(snapshots), Leaves(Arc::clone(&busy)));
        let answering = thread::Builder::new().name("control-answer".to_owned());
        let started = answering.spawn(move || {
            let _done = done;
            answer(&stream, &*snapshots);
        });
        if let Err(error) = started {
            warn!(action = "control", result = "fail", reason = %error);
        }
    }
}

/// One that is answered no more when this is dropped.
struct Leaves(Arc<AtomicUsize>);

impl Drop for Leaves {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
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
            // If the answer has begun, this is not its end, and so it is known not to be whole.
            let _ = (&*stream).write_all(refusal(&error).as_bytes());
            warn!(action = "control", result = "fail", asked = what, reason = %error);
        }
    }
}

/// What a peer asks that may.
fn asked(stream: &UnixStream) -> io::Result<&'static str> {
    let peer = socket_peercred(stream)?.uid;
    if peer != geteuid() && !peer.is_root() {
        let problem = format!("user {} asks", peer.as_raw());
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, problem));
    }
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
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
