//! Accepting connections, each with its mailbox.

use std::collections::BTreeMap;
use std::future::Future;
use std::io;
use std::panic::AssertUnwindSafe;
use std::pin::{Pin, pin};
use std::sync::Arc;

#[cfg(doc)]
use lottery_runtime::Serve;
use lottery_runtime::{ACCEPT_PAUSE, Clock, Envelope, Listener, Mailbox, Peer, Service, Socket, channel};
use smol::channel::unbounded;
use smol::future::{FutureExt as _, or, yield_now};
use smol::{Async, Timer};

use crate::drive;

/// Future that drives a connection, for an executor.
pub type Connection = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Serves until `stop` completes, and then until every connection is over.
///
/// It is as [`Serve::serve`] says, but handles no signals, and does not call [`Service::started`]. `spawn` has to
/// run each connection to its end, beside this future: it is called once for each.
///
/// # Errors
/// Fails if the listener cannot be used.
pub async fn serve<S: Service>(
    listener: impl Into<Listener>,
    service: Arc<S>,
    spawn: impl Fn(Connection),
    stop: impl Future<Output = ()>,
) -> io::Result<()> {
    let listener = Async::new(listener.into())?;
    let clock = Clock::start();
    let (mut connections, mut next) = (BTreeMap::new(), 0_u64);
    let (ended, ends) = unbounded();
    let mut stop = pin!(stop);
    loop {
        while let Ok(id) = ends.try_recv() {
            connections.remove(&id);
        }
        // The stop comes first: without free descriptors accepting fails at once, again and again.
        let stopped = async {
            (&mut stop).await;
            None
        };
        let accepted = or(stopped, async { Some(accept(&listener).await) });
        let (socket, peer) = match accepted.await {
            None => break,
            Some(Ok(accepted)) => accepted,
            Some(Err(error)) => {
                service.failed(&error);
                Timer::after(ACCEPT_PAUSE).await;
                continue;
            }
        };
        let (sender, mail) = channel();
        let notices = sender.clone();
        let mailbox = Mailbox::from_sender(move |envelope| notices.send(envelope));
        if let Some(mut machine) = service.accept(clock.now(), peer, mailbox) {
            let (id, ended) = (next, ended.clone());
            next += 1;
            let connection = async move {
                let _ = AssertUnwindSafe(drive(&socket, clock, &mut machine, &mail)).catch_unwind().await;
                drop(socket);
                let _ = ended.try_send(id);
            };
            connections.insert(id, sender);
            spawn(Box::pin(connection));
        }
        // Existing connections have their turn before the next one.
        yield_now().await;
    }
    drop(listener);
    for sender in connections.values() {
        sender.send(Envelope::Shutdown);
    }
    while !connections.is_empty() {
        // This cannot fail: this function holds a sender, too.
        let Ok(id) = ends.recv().await else { break };
        connections.remove(&id);
    }
    Ok(())
}

async fn accept(listener: &Async<Listener>) -> io::Result<(Async<Socket>, Peer)> {
    let (socket, peer) = listener.read_with(Listener::accept).await?;
    Ok((Async::new(socket)?, peer))
}
