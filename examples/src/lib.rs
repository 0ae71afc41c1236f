//! Programs on the libraries, and the driver of those on blocking threads: the simplest one, which looks every
//! millisecond. `mio_server` waits for the system instead, and so do the runtime crates.
//!
//! | program | is |
//! | --- | --- |
//! | `in_memory` | a client and a server joined by two buffers |
//! | `std_server` | a server on threads that keeps the bets in memory, and its driver in 30 lines |
//! | `mio_server` | the same on mio: one thread, one event loop, and a driver of any `Service` |
//! | `std_agency` | a client that sends an agency's file, and prints its winners |
//! | `lottery_in_memory` | the server of `lottery-core` from its builder, and clients of it, on the runtime of std |

pub mod lottery;

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::thread;
use std::time::{Duration, Instant as Clock};

use lottery_proto::{Input, Instant, Io};
use lottery_runtime::driving::{fin_input, read_input, write_input};

/// Returns the time since `start`, as machines count it.
pub fn since(start: Clock) -> Instant {
    Instant::from_epoch(start.elapsed())
}

/// Does the first thing that `io` wants and the socket can do, and returns the input to report. Returns `None` if there
/// is nothing to do now, after a short sleep.
pub fn step(mut socket: &TcpStream, io: Io<'_>, now: Instant) -> Option<Input> {
    let Io { recv, send, fin, deadline, .. } = io;
    if fin {
        return Some(fin_input(socket.shutdown(Shutdown::Write)));
    }
    if !send.is_empty()
        && let Some(input) = write_input(socket.write(send))
    {
        return Some(input);
    }
    if !recv.is_empty()
        && let Some(input) = read_input(socket.read(recv))
    {
        return Some(input);
    }
    // The system holds nothing more: now a deadline may be told.
    if deadline.is_some_and(|deadline| deadline <= now) {
        return Some(Input::Timeout);
    }
    thread::sleep(Duration::from_millis(1));
    None
}
