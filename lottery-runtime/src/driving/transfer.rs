//! Reads, writes and half-closes, as a driver does them and reports them.

use std::io::{self, ErrorKind};
use std::os::fd::AsFd;

use lottery_proto::{Input, SocketError};
use socket2::SockRef;

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
    input(result, Input::Sent, Input::Failed(SocketError::Other))
}

/// Returns the input for the result of half-closing the write side.
pub fn fin_input(result: io::Result<()>) -> Input {
    result.map_or_else(|error| failed(&error), |()| Input::FinSent)
}

/// Returns the input for a call on the socket that failed.
pub fn failed(error: &io::Error) -> Input {
    Input::Failed(match error.kind() {
        ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted | ErrorKind::BrokenPipe => {
            SocketError::Reset
        }
        ErrorKind::ConnectionRefused => SocketError::Refused,
        ErrorKind::TimedOut => SocketError::TimedOut,
        ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable | ErrorKind::NetworkDown => {
            SocketError::Unreachable
        }
        _ => SocketError::Other,
    })
}

/// Returns the input for a socket that is dead, as its system says, with the error that the system holds for it.
pub fn dead(socket: &impl AsFd) -> Input {
    let error = SockRef::from(socket).take_error().unwrap_or_else(Some);
    error.map_or(Input::Failed(SocketError::Other), |error| failed(&error))
}

fn input(result: io::Result<usize>, some: fn(usize) -> Input, none: Input) -> Option<Input> {
    match result {
        Ok(0) => Some(none),
        Ok(bytes) => Some(some(bytes)),
        Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => None,
        Err(error) => Some(failed(&error)),
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
        assert_eq!(
            [write_input(Ok(7)), write_input(Ok(0))],
            [Some(Input::Sent(7)), Some(Input::Failed(SocketError::Other))]
        );
        assert_eq!(fin_input(Ok(())), Input::FinSent);
        for (kind, reason) in [
            (ErrorKind::ConnectionReset, SocketError::Reset),
            (ErrorKind::BrokenPipe, SocketError::Reset),
            (ErrorKind::ConnectionRefused, SocketError::Refused),
            (ErrorKind::TimedOut, SocketError::TimedOut),
            (ErrorKind::HostUnreachable, SocketError::Unreachable),
            (ErrorKind::Other, SocketError::Other),
        ] {
            let failed = Input::Failed(reason);
            assert_eq!([read_input(error(kind)), write_input(error(kind))], [Some(failed); 2]);
            assert_eq!(fin_input(error(kind)), failed);
        }
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
