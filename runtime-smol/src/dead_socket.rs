//! Detection of a dead socket while the machine wants nothing of it.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::time::Duration;

use rustix::event::epoll::{self, CreateFlags, EventData, EventFlags};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use smol::{Async, Timer};

/// Delay before the watch is set up: usually the machine wants something again before.
const PAUSE: Duration = Duration::from_millis(200);

/// Waits until a socket is dead: reset, given up by the system, or ended by both sides.
///
/// The reactor only waits for sockets that can be read or written. An epoll descriptor of this function's own
/// becomes readable at events that are always reported, and those are the death of the socket.
pub(crate) async fn until_dead(socket: impl AsFd) {
    loop {
        Timer::after(PAUSE).await;
        let watch = watch(&socket);
        if let Ok(watch) = watch {
            let _ = watch.readable().await;
        }
        // If no descriptor is left for the watch, the loop polls the socket.
        if is_dead(&socket) {
            return;
        }
    }
}

fn watch(socket: &impl AsFd) -> io::Result<Async<OwnedFd>> {
    let watch = epoll::create(CreateFlags::CLOEXEC)?;
    epoll::add(&watch, socket, EventData::new_u64(0), EventFlags::empty())?;
    Async::new(watch)
}

fn is_dead(socket: &impl AsFd) -> bool {
    let mut asked = [PollFd::new(socket, PollFlags::empty())];
    poll(&mut asked, Some(&Timespec::default())) == Ok(1)
}

#[cfg(test)]
mod tests {
    use std::net::{Shutdown, TcpListener, TcpStream};

    use smol::future::or;

    use super::*;

    fn pair() -> (TcpStream, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let peer = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        (listener.accept().unwrap().0, peer)
    }

    /// Returns true if the socket is dead by the end of a second.
    fn dies(socket: &TcpStream) -> bool {
        let died = async {
            until_dead(socket).await;
            true
        };
        let second = async {
            Timer::after(Duration::from_secs(1)).await;
            false
        };
        smol::block_on(or(died, second))
    }

    #[test]
    fn a_socket_is_dead_once_both_sides_have_ended() {
        let (socket, peer) = pair();
        socket.shutdown(Shutdown::Write).unwrap();
        drop(peer);
        assert!(dies(&socket));
    }

    #[test]
    fn a_socket_whose_peer_is_there_or_has_half_closed_is_not_dead() {
        let (socket, peer) = pair();
        assert!(!dies(&socket));
        peer.shutdown(Shutdown::Write).unwrap();
        assert!(!dies(&socket));
    }
}
