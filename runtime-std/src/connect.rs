//! Connecting, with a time limit for each step; mail interrupts it.

use std::io;
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::os::fd::AsFd;
use std::thread;

use lottery_proto::Instant;
use lottery_runtime::connect::{Failures, MAX_ADDRESSES, Target, connect_timed_out, lookup_timed_out};
use lottery_runtime::{Clock, Envelope};
use rustix::event::PollFlags;
use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketFlags, SocketType, socket_with};

use crate::poll::poll;
use crate::{Receiver, channel};

/// Connects to the first address of the server that can be reached; `None` if mail comes first, which is
/// taken.
pub(crate) fn connect<N>(target: &Target, clock: Clock, stop: &Receiver<N>) -> Option<io::Result<TcpStream>> {
    let addresses = match look_up(target, clock, stop)? {
        Ok(addresses) => addresses,
        Err(error) => return Some(Err(error)),
    };
    let mut failures = Failures::default();
    for (tried, &address) in addresses.iter().enumerate() {
        match connect_to(address, target, addresses.len() - tried, clock, stop)? {
            Ok(socket) => return Some(Ok(socket)),
            Err(error) => failures.add(address, error),
        }
    }
    Some(Err(failures.into_error()))
}

/// Looks the name up on a thread of its own: the system cannot cancel a lookup, so the thread is left behind.
fn look_up<N>(target: &Target, clock: Clock, stop: &Receiver<N>) -> Option<io::Result<Vec<SocketAddr>>> {
    let limit = target.lookup_timeout(clock.now());
    let end = clock.now().after(limit);
    let server = target.server.clone();
    let look = move || Ok(server.to_socket_addrs()?.take(MAX_ADDRESSES).collect());
    let found = channel::<io::Result<Vec<SocketAddr>>>().and_then(|(sender, found)| {
        let send = move || sender.send(Envelope::Notice(Box::new(look())));
        thread::Builder::new().name("lookup".to_owned()).spawn(send)?;
        Ok(found)
    });
    let found = match found {
        Ok(found) => found,
        Err(error) => return Some(Err(error)),
    };
    loop {
        if stop.try_recv().is_some() {
            return None;
        }
        if let Some(Envelope::Notice(found)) = found.try_recv() {
            return Some(*found);
        }
        if !wait_until(end, clock, found.as_fd(), PollFlags::IN, stop) {
            return Some(Err(lookup_timed_out(limit)));
        }
    }
}

fn connect_to<N>(
    address: SocketAddr,
    target: &Target,
    left: usize,
    clock: Clock,
    stop: &Receiver<N>,
) -> Option<io::Result<TcpStream>> {
    let limit = target.step_timeout(clock.now(), left);
    let end = clock.now().after(limit);
    let family = if address.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket = match socket_with(family, SocketType::STREAM, flags, None) {
        Ok(socket) => socket,
        Err(error) => return Some(Err(error.into())),
    };
    loop {
        // A repeated call reports the progress of the connection.
        match rustix::net::connect(&socket, &address) {
            Ok(()) | Err(Errno::ISCONN) => return Some(Ok(socket.into())),
            Err(Errno::INPROGRESS | Errno::ALREADY | Errno::INTR) => {}
            Err(error) => return Some(Err(error.into())),
        }
        if stop.try_recv().is_some() {
            return None;
        }
        if !wait_until(end, clock, socket.as_fd(), PollFlags::OUT, stop) {
            return Some(Err(connect_timed_out(limit)));
        }
    }
}

/// Waits until the descriptor is ready or mail comes; returns false once `end` has come.
fn wait_until<N>(
    end: Instant,
    clock: Clock,
    descriptor: std::os::fd::BorrowedFd<'_>,
    flags: PollFlags,
    stop: &Receiver<N>,
) -> bool {
    let left = end.duration_since(clock.now());
    if left.is_zero() {
        return false;
    }
    poll(&[(descriptor, flags), (stop.as_fd(), PollFlags::IN)], Some(left));
    true
}
