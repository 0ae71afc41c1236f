//! Learning of a dead socket while nothing is wanted of it.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::time::Duration;

use rustix::event::epoll::{self, CreateFlags, EventData, EventFlags};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use smol::{Async, Timer};

/// Most of the time something is wanted again before this has passed, and nothing needs to be set up.
const PAUSE: Duration = Duration::from_millis(200);

/// Waits until a socket is dead: reset, given up by the system, or ended by both sides.
///
/// The reactor waits for what can be read or written only. A descriptor of epoll's own is readable when a socket has
/// something to say that nobody has asked for, and that is its death.
pub(crate) async fn dead(socket: impl AsFd) {
    loop {
        Timer::after(PAUSE).await;
        let watch = watch(&socket);
        if let Ok(watch) = watch {
            let _ = watch.readable().await;
        }
        // Without a descriptor for the watch it is asked, again and again.
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
