//! Drives the lottery's machines on smol, and on async-std behind the feature of that name.

#[cfg(feature = "async-std")]
pub mod async_std;
mod call;
mod clock;
mod connect;
mod signals;
mod smol;
mod socket;

use std::collections::BTreeMap;
use std::future::{Future, pending};
use std::panic::AssertUnwindSafe;
use std::pin::{Pin, pin};
use std::sync::Arc;

use ::smol::Timer;
use ::smol::channel::{Receiver, unbounded};
use ::smol::future::{FutureExt as _, or};
use ::smol::io::{AsyncReadExt as _, AsyncWriteExt as _};
use lottery_core::seam::{ACCEPT_PAUSE, Mail, Mailbox, Service};
use lottery_proto::{Input, Machine};

pub use self::call::call;
pub use self::clock::Clock;
pub use self::smol::Smol;
pub use self::socket::{Listener, Socket};

/// What a driver has waited for.
enum Woken<N> {
    Input(Input),
    Mail(Option<Mail<N>>),
}

/// Drives one end of a connection until it is over.
pub async fn drive<M: Machine>(
    socket: impl Socket,
    clock: Clock,
    machine: &mut M,
    mail: &Receiver<Mail<M::Notice>>,
) {
    let (mut reader, mut writer) = (socket.clone(), socket);
    let mut mail_open = true;
    let mut timer = Timer::never();
    let mut timer_at = None;
    machine.handle(clock.now(), Input::Timeout);
    while let Some(io) = machine.poll_io() {
        let woken = if io.fin {
            Woken::Input(writer.half_close().map_or(Input::Failed, |()| Input::FinSent))
        } else {
            let deadline = io.deadline.and_then(|time| clock.at(time));
            if deadline != timer_at {
                timer = deadline.map_or_else(Timer::never, Timer::at);
                timer_at = deadline;
            }
            let read = async {
                match reader.read(unless_empty(io.recv).await).await {
                    Ok(0) => Woken::Input(Input::Eof),
                    Ok(received) => Woken::Input(Input::Received(received)),
                    Err(_) => Woken::Input(Input::Failed),
                }
            };
            let write = async {
                match writer.write(unless_empty(io.send).await).await {
                    Ok(0) | Err(_) => Woken::Input(Input::Failed),
                    Ok(sent) => Woken::Input(Input::Sent(sent)),
                }
            };
            let tick = async {
                (&mut timer).await;
                Woken::Input(Input::Timeout)
            };
            let take =
                async { if mail_open { Woken::Mail(mail.recv().await.ok()) } else { pending().await } };
            or(take, or(or(write, read), tick)).await
        };
        match woken {
            Woken::Input(input) => machine.handle(clock.now(), input),
            Woken::Mail(Some(Mail::Notice(notice))) => machine.notice(clock.now(), *notice),
            Woken::Mail(Some(Mail::Shutdown)) => machine.handle(clock.now(), Input::Shutdown),
            Woken::Mail(None) => mail_open = false,
        }
    }
}

/// The buffer; never, if it is empty.
async fn unless_empty<B: AsRef<[u8]>>(buffer: B) -> B {
    if buffer.as_ref().is_empty() { pending().await } else { buffer }
}

/// A connection at work, for an executor.
pub type Connection = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Serves until `stop`, and then until every connection is over. `spawn` has to run what it is given.
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
        let accepted = or(async { Some(listener.accept().await) }, async {
            (&mut stop).await;
            None
        });
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
        let mailbox = Mailbox::new(move |notice| drop(notices.try_send(Mail::Notice(Box::new(notice)))));
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
    }
    drop(listener);
    for sender in connections.values() {
        let _ = sender.try_send(Mail::Shutdown);
    }
    while !connections.is_empty() {
        // It cannot fail: this function holds a sender, too.
        let Ok(id) = ends.recv().await else { break };
        connections.remove(&id);
    }
}
