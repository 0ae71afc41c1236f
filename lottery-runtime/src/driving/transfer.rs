//! Reads and writes, as a driver does them and reports them.

use std::io::{self, ErrorKind};

use lottery_proto::Input;

/// Maximum number of bytes of one read: others wait while they are handled.
pub const PIECE: usize = 16 * 1024;

/// Returns the front of the receive buffer, at most [`PIECE`] bytes.
pub fn piece(recv: &mut [u8]) -> &mut [u8] {
    let most = recv.len().min(PIECE);
    recv.get_mut(..most).unwrap_or_default()
}

/// Returns the input for the result of a read or a write; `None` if it would block.
pub fn unless_blocked(done: io::Result<usize>, some: fn(usize) -> Input, none: Input) -> Option<Input> {
    match done {
        Ok(0) => Some(none),
        Ok(bytes) => Some(some(bytes)),
        Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => None,
        Err(_) => Some(Input::Failed),
    }
}
