//! Reads, writes and half-closes, as a driver does them and reports them.

use std::io::{self, ErrorKind};

use lottery_proto::Input;

/// Maximum number of bytes of one read, for [`piece`]: others wait while they are handled.
pub const PIECE: usize = 16 * 1024;

/// Returns the front of the receive buffer, at most [`PIECE`] bytes.
pub fn piece(recv: &mut [u8]) -> &mut [u8] {
    let max = recv.len().min(PIECE);
    recv.get_mut(..max).unwrap_or_default()
}

/// Returns the input for the result of a read into a buffer that is not empty; `None` if it would have blocked.
pub fn read_input(result: io::Result<usize>) -> Option<Input> {
    input(result, Input::Received, Input::Eof)
}

/// Returns the input for the result of a write of at least one byte; `None` if it would have blocked.
pub fn write_input(result: io::Result<usize>) -> Option<Input> {
    input(result, Input::Sent, Input::Failed)
}

/// Returns the input for the result of half-closing the write side.
pub fn fin_input(result: io::Result<()>) -> Input {
    result.map_or(Input::Failed, |()| Input::FinSent)
}

fn input(result: io::Result<usize>, some: fn(usize) -> Input, none: Input) -> Option<Input> {
    match result {
        Ok(0) => Some(none),
        Ok(bytes) => Some(some(bytes)),
        Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => None,
        Err(_) => Some(Input::Failed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error<T>(kind: ErrorKind) -> io::Result<T> {
        Err(kind.into())
    }

    #[test]
    fn results_of_transfers_are_inputs() {
        assert_eq!([read_input(Ok(7)), read_input(Ok(0))], [Some(Input::Received(7)), Some(Input::Eof)]);
        assert_eq!([write_input(Ok(7)), write_input(Ok(0))], [Some(Input::Sent(7)), Some(Input::Failed)]);
        assert_eq!(fin_input(Ok(())), Input::FinSent);
        let reset = ErrorKind::ConnectionReset;
        assert_eq!([read_input(error(reset)), write_input(error(reset))], [Some(Input::Failed); 2]);
        assert_eq!(fin_input(error(reset)), Input::Failed);
    }

    #[test]
    fn a_transfer_that_would_block_is_no_input() {
        for kind in [ErrorKind::WouldBlock, ErrorKind::Interrupted] {
            assert_eq!([read_input(error(kind)), write_input(error(kind))], [None; 2]);
        }
    }

    #[test]
    fn a_piece_is_the_front_of_the_buffer() {
        assert_eq!(piece(&mut vec![0; PIECE + 1]).len(), PIECE);
        assert_eq!(piece(&mut [1, 2]), [1, 2]);
    }
}
