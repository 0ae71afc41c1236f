//! Connecting, while mail may come.

use std::io::{self, ErrorKind};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::os::fd::AsFd;

use rustix::event::PollFlags;
use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketFlags, SocketType, socket_with};

use crate::mail::Receiver;
use crate::wait::wait;

/// Connects to `HOST:PORT`, to the first of its addresses that can be reached; `None` if mail comes first, which is
/// taken.
///
/// Only to look a name up cannot be given up: the system has no way for it.
pub(crate) fn connect<N>(server: &str, mail: &Receiver<N>) -> Option<io::Result<TcpStream>> {
    let addresses = match server.to_socket_addrs() {
        Ok(addresses) => addresses,
        Err(error) => return Some(Err(error)),
    };
    let mut failed = io::Error::new(ErrorKind::NotFound, "the name has no address");
    for address in addresses {
        match connect_to(address, mail)? {
            Ok(socket) => return Some(Ok(socket)),
            Err(error) => failed = error,
        }
    }
    Some(Err(failed))
}

fn connect_to<N>(address: SocketAddr, mail: &Receiver<N>) -> Option<io::Result<TcpStream>> {
    let family = if address.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket = match socket_with(family, SocketType::STREAM, flags, None) {
        Ok(socket) => socket,
        Err(error) => return Some(Err(error.into())),
    };
    loop {
        // Asked again, it says how far it is.
        match rustix::net::connect(&socket, &address) {
            Ok(()) | Err(Errno::ISCONN) => return Some(Ok(socket.into())),
            Err(Errno::INPROGRESS | Errno::ALREADY | Errno::INTR) => {}
            Err(error) => return Some(Err(error.into())),
        }
        if mail.try_take().is_some() {
            return None;
        }
        wait(&[(socket.as_fd(), PollFlags::OUT), (mail.as_fd(), PollFlags::IN)], None);
    }
}
