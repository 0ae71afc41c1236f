//! Accepting connections, each with its mailbox.

use std::collections::BTreeMap;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::pin::{Pin, pin};
use std::sync::Arc;

#[cfg(doc)]
use lottery_runtime::Serve;
use lottery_runtime::{ACCEPT_PAUSE, Clock, Envelope, Mailbox, Service};
use smol::Timer;
use smol::channel::unbounded;
use smol::future::{FutureExt as _, or, yield_now};

use crate::{Listener, drive};

/// Future that drives a connection, for an executor.
pub type Connection = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Serves until `stop` completes, and then until every connection is over.
///
/// It is as [`Serve::serve`] says, but handles no signals, and does not call [`Service::started`]. `spawn` has to
/// run each connection to its end, beside this future: it is called once for each.
pub async fn serve<S: Service>(
    listener: impl Listener,
    service: Arc<S>,
    spawn: impl Fn(Connection),
    stop: impl Future<Output = ()>,
) {
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
        let accepted = or(stopped, async { Some(listener.accept().await) });
        let (socket, peer) = match accepted.await {
            None => break,
            Some(Ok(accepted)) => accepted,
            Some(Err(error)) => {
                service.failed(&error);
                Timer::after(ACCEPT_PAUSE).await;
                continue;
            }
        };
        let (sender, mail) = unbounded();
        let notices = sender.clone();
        let mailbox = Mailbox::from_sender(move |envelope| drop(notices.try_send(envelope)));
        if let Some(mut machine) = service.accept(clock.now(), peer, mailbox) {
            let (id, ended) = (next, ended.clone());
            next += 1;
            let connection = async move {
                let _ = AssertUnwindSafe(drive(socket, clock, &mut machine, &mail)).catch_unwind().await;
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
        let _ = sender.try_send(Envelope::Shutdown);
    }
    while !connections.is_empty() {
        // This cannot fail: this function holds a sender, too.
        let Ok(id) = ends.recv().await else { break };
        connections.remove(&id);
    }
}
