//! Accepting connections, each with its mailbox.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;

#[cfg(doc)]
use lottery_runtime::Serve;
use lottery_runtime::{ACCEPT_PAUSE, Clock, Envelope, Mailbox, Service, channel};
use tokio::task::{JoinSet, yield_now};
use tokio::time::sleep;

use crate::{Listener, drive};

/// Serves until `stop` completes, and then until every connection is over.
///
/// It is as [`Serve::serve`] says, but handles no signals, and does not call [`Service::started`]. Each connection
/// is a task; if the future is dropped, they break off.
pub async fn serve<S: Service>(listener: impl Listener, service: Arc<S>, stop: impl Future<Output = ()>) {
    let clock = Clock::start();
    let mut connections = JoinSet::new();
    let mut mailboxes = BTreeMap::new();
    let mut stop = pin!(stop);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            Some(ended) = connections.join_next_with_id() => {
                mailboxes.remove(&ended.map_or_else(|error| error.id(), |(id, ())| id));
                continue;
            }
            () = &mut stop => break,
        };
        let (mut socket, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                service.failed(&error);
                sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        let (sender, mail) = channel();
        let notices = sender.clone();
        let mailbox = Mailbox::from_sender(move |envelope| notices.send(envelope));
        if let Some(mut machine) = service.accept(clock.now(), peer, mailbox) {
            let connection =
                connections.spawn(async move { drive(&mut socket, clock, &mut machine, &mail).await });
            mailboxes.insert(connection.id(), sender);
        }
        // Existing connections have their turn before the next one.
        yield_now().await;
    }
    drop(listener);
    for sender in mailboxes.values() {
        sender.send(Envelope::Shutdown);
    }
    while connections.join_next().await.is_some() {}
}
