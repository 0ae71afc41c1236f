//! Listening sockets in the file system, and the end of their files.

use std::fs::{self, File, Metadata, Permissions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

use socket2::{Domain, SockAddr, Socket, Type};

use crate::sockets::connect_local;

/// Mode of the file of a socket: its user and group may connect.
const MODE: u32 = 0o660;

/// File of a listening socket. It is removed when this is dropped, if it is still the same: another file in its place is
/// left alone.
#[derive(Debug)]
pub struct SocketFile {
    path: PathBuf,
    /// Device and number of the file.
    id: (u64, u64),
}

/// Listens at a socket in the file system, for a server. At most `backlog` connections wait to be accepted. The file that a
/// killed server has left is replaced; one whose server still listens, and every other file, is not. The mode of the file
/// is 0660. The listener is in blocking mode.
///
/// # Errors
/// [`AddrInUse`](ErrorKind::AddrInUse) if a server listens there, [`AlreadyExists`](ErrorKind::AlreadyExists) if the file
/// there is no socket; [`InvalidInput`](ErrorKind::InvalidInput) if the path is longer than 107 bytes; other errors of the
/// system.
pub fn listen_local(path: &Path, backlog: u16) -> io::Result<(UnixListener, SocketFile)> {
    let address = SockAddr::unix(path)?;
    // Of two servers that find the same stale file one replaces it, and the other finds the first. A directory that
    // cannot be read cannot be locked: then they have to take care themselves.
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let _locked = File::open(directory).and_then(|directory| directory.lock().map(|()| directory)).ok();
    match fs::symlink_metadata(path) {
        Ok(found) if !found.file_type().is_socket() => {
            return Err(io::Error::new(
                ErrorKind::AlreadyExists,
                "the file there is no socket, and was left alone",
            ));
        }
        Ok(_) => match connect_local(path) {
            Err(error) if error.kind() == ErrorKind::ConnectionRefused => fs::remove_file(path)?,
            Err(error) if error.kind() != ErrorKind::WouldBlock => return Err(error),
            _ => return Err(io::Error::new(ErrorKind::AddrInUse, "a server listens there")),
        },
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    socket.bind(&address)?;
    let file = SocketFile { path: path.to_owned(), id: id(&fs::symlink_metadata(path)?) };
    fs::set_permissions(path, Permissions::from_mode(MODE))?;
    socket.listen(backlog.into())?;
    Ok((socket.into(), file))
}

fn id(file: &Metadata) -> (u64, u64) {
    (file.dev(), file.ino())
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        if fs::symlink_metadata(&self.path).is_ok_and(|found| id(&found) == self.id) {
            let _ = fs::remove_file(&self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;
    use std::os::unix::net::UnixStream;

    use super::*;

    /// Directory that is removed in the end.
    struct Dir(PathBuf);

    impl Dir {
        fn new(name: &str) -> Self {
            let dir = std::env::temp_dir().join(format!("lottery-{name}-{}", std::process::id()));
            fs::create_dir(&dir).unwrap();
            Self(dir)
        }
    }

    impl Drop for Dir {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn the_file_is_there_while_it_listens_and_a_stale_one_is_replaced() {
        let dir = Dir::new("stale");
        let path = dir.0.join("socket");
        let (listener, file) = listen_local(&path, 5).unwrap();
        assert_eq!(fs::symlink_metadata(&path).unwrap().mode() & 0o777, MODE);
        UnixStream::connect(&path).unwrap();
        let error = listen_local(&path, 5).unwrap_err();
        assert_eq!((error.kind(), &*error.to_string()), (ErrorKind::AddrInUse, "a server listens there"));
        drop((listener, file));
        assert!(!path.exists());
        // A server that was killed leaves its file.
        let (listener, file) = listen_local(&path, 5).unwrap();
        std::mem::forget(file);
        drop(listener);
        assert!(path.exists());
        let (_listener, _file) = listen_local(&path, 5).unwrap();
        UnixStream::connect(&path).unwrap();
    }

    #[test]
    fn what_is_no_socket_of_ours_is_left_alone() {
        let dir = Dir::new("foreign");
        let path = dir.0.join("socket");
        fs::write(&path, "precious").unwrap();
        let link = dir.0.join("link");
        symlink(dir.0.join("nowhere"), &link).unwrap();
        for path in [&path, &link, &dir.0] {
            let error = listen_local(path, 5).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::AlreadyExists, "{error}");
        }
        assert_eq!(fs::read_to_string(&path).unwrap(), "precious");
        // Another file in the place of ours is not removed at the end.
        let other = dir.0.join("other");
        let (_listener, file) = listen_local(&other, 5).unwrap();
        fs::remove_file(&other).unwrap();
        fs::write(&other, "precious").unwrap();
        drop(file);
        assert_eq!(fs::read_to_string(&other).unwrap(), "precious");
    }

    #[test]
    fn a_path_that_cannot_be_has_an_error_of_its_own() {
        let dir = Dir::new("long");
        let error = listen_local(&dir.0.join("x".repeat(108)), 5).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        let error = listen_local(&dir.0.join("missing/socket"), 5).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
        assert_eq!(connect_local(&dir.0.join("missing")).unwrap_err().kind(), ErrorKind::NotFound);
    }
}
