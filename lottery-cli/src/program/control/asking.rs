//! A command's side of the control socket: it opens a store that no server has, and asks a running server
//! otherwise.

use std::io::{self, BufReader, Write as _};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::thread;
use std::time::Duration;

use lottery_core::store::{Store as _, StoreError};
use lottery_store::LogStore;
use lottery_store::transfer::{Sink, TransferError, read_backup, read_store};

use super::{ALL, PATIENCE, SOCKET, WITHOUT_ROWS, at_socket};

/// Number of times that both are tried, [`PAUSE`] apart: while a server starts or stops, the store is not
/// free and the server does not answer.
const TRIES: u32 = 400;
const PAUSE: Duration = Duration::from_millis(50);

/// Passes the parts of a data directory's store to `sink`, with the rows or without, also while a server
/// runs on it.
///
/// # Errors
///
/// There is no store, or it cannot be read; or the errors of `sink`.
pub(in crate::program) fn read_parts(
    data_dir: &Path,
    with_rows: bool,
    sink: Sink<'_>,
) -> Result<(), TransferError> {
    let mut tries = 0;
    loop {
        tries += 1;
        let busy = match LogStore::open_to_read(data_dir) {
            Ok(store) => return read_here(&store, with_rows, sink),
            Err(error @ StoreError::Busy { .. }) => error,
            Err(error) => return Err(error.into()),
        };
        match at_socket(data_dir, |path| UnixStream::connect(path)) {
            Ok(stream) => return ask(data_dir, &stream, with_rows, sink),
            Err(error) if tries >= TRIES => {
                let place = data_dir.join(SOCKET).display().to_string();
                return Err(TransferError::Unreadable { file: format!("{busy}; {place}"), error });
            }
            Err(_) => thread::sleep(PAUSE),
        }
    }
}

/// Passes the parts of a running server's store to `sink`, without the rows. Returns `None` if no server answers.
pub(in crate::program) fn ask_server(data_dir: &Path, sink: Sink<'_>) -> Option<Result<(), TransferError>> {
    let stream = at_socket(data_dir, |path| UnixStream::connect(path)).ok()?;
    Some(ask(data_dir, &stream, false, sink))
}

fn read_here(store: &LogStore, with_rows: bool, sink: Sink<'_>) -> Result<(), TransferError> {
    let snapshots = store.snapshots().ok_or_else(|| TransferError::Rejected("no snapshots".to_owned()))?;
    read_store(&*snapshots.take()?, with_rows, sink)
}

fn ask(data_dir: &Path, stream: &UnixStream, with_rows: bool, sink: Sink<'_>) -> Result<(), TransferError> {
    let name = data_dir.join(SOCKET).display().to_string();
    let asked = || -> io::Result<()> {
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        let mut stream = stream;
        stream.write_all(if with_rows { ALL } else { WITHOUT_ROWS }.as_bytes())
    };
    asked().map_err(|error| TransferError::Unreadable { file: name.clone(), error })?;
    read_backup(&name, BufReader::with_capacity(64 * 1024, stream), sink)
}
