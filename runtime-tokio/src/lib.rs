//! Drives the lottery's machines on tokio.

use std::collections::BTreeMap;
use std::future::Future;
use std::io;
use std::pin::pin;
use std::sync::Arc;

use lottery_core::seam::{ACCEPT_PAUSE, Caller, EXIT_AT_ONCE, Mail, Mailbox, Runtime, Service, Step};
use lottery_proto::{Input, Instant, Machine};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::Notify;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::task::JoinSet;
use tokio::time::{sleep, sleep_until};

/// This runtime.
#[derive(Clone, Copy, Debug)]
pub struct Tokio;

/// Time since this runtime was started.
#[derive(Clone, Copy, Debug)]
pub struct Clock(tokio::time::Instant);

impl Clock {
    /// Its epoch is now.
    pub fn start() -> Self {
        Self(tokio::time::Instant::now())
    }

    fn now(self) -> Instant {
        Instant::from_epoch(self.0.elapsed())
    }

    /// `None`: so far away that it never comes.
    fn at(self, time: Instant) -> Option<tokio::time::Instant> {
        self.0.checked_add(time.since_epoch())
    }
}

/// Drives one end of a connection until it is over.
pub async fn drive<M: Machine>(
    mut socket: TcpStream,
    clock: Clock,
    machine: &mut M,
    mail: &mut UnboundedReceiver<Mail<M::Notice>>,
) {
    let (mut reader, mut writer) = socket.split();
    let mut mail_open = true;
    let mut timer = pin!(sleep(std::time::Duration::ZERO));
    let mut timer_at = None;
    machine.handle(clock.now(), Input::Timeout);
    while let Some(io) = machine.poll_io() {
        let input = if io.fin {
            writer.shutdown().await.map_or(Input::Failed, |()| Input::FinSent)
        } else {
            let (reads, writes) = (!io.recv.is_empty(), !io.send.is_empty());
            let deadline = io.deadline.and_then(|time| clock.at(time));
            if let Some(deadline) = deadline.filter(|_| deadline != timer_at) {
                timer.as_mut().reset(deadline);
            }
            timer_at = deadline;
            tokio::select! {
                read = reader.read(io.recv), if reads => match read {
                    Ok(0) => Input::Eof,
                    Ok(received) => Input::Received(received),
                    Err(_) => Input::Failed,
                },
                written = writer.write(io.send), if writes => match written {
                    Ok(0) | Err(_) => Input::Failed,
                    Ok(sent) => Input::Sent(sent),
                },
                () = &mut timer, if deadline.is_some() => Input::Timeout,
                found = mail.recv(), if mail_open => match found {
                    Some(Mail::Notice(notice)) => {
                        machine.notice(clock.now(), notice);
                        continue;
                    }
                    Some(Mail::Shutdown) => Input::Shutdown,
                    None => {
                        mail_open = false;
                        continue;
                    }
                },
            }
        };
        machine.handle(clock.now(), input);
    }
}

/// Serves until `stop`, and then until every connection is over.
pub async fn serve<S: Service>(listener: TcpListener, service: Arc<S>, stop: impl Future<Output = ()>) {
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
        let (socket, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                service.failed(&error);
                sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        let (sender, mut mail) = unbounded_channel();
        let notices = sender.clone();
        let mailbox = Mailbox::new(move |notice| drop(notices.send(Mail::Notice(notice))));
        if let Some(mut machine) = service.accept(clock.now(), peer, mailbox) {
            let connection =
                connections.spawn(async move { drive(socket, clock, &mut machine, &mut mail).await });
            mailboxes.insert(connection.id(), sender);
        }
    }
    drop(listener);
    for sender in mailboxes.values() {
        let _ = sender.send(Mail::Shutdown);
    }
    while connections.join_next().await.is_some() {}
}

/// Runs a client until it is done or told to shut down.
pub async fn call<C: Caller>(caller: &mut C, mail: &mut UnboundedReceiver<Mail<C::Notice>>) {
    let clock = Clock::start();
    loop {
        let pause = match caller.next_step(clock.now()) {
            Step::Done => return,
            Step::Wait(until) => until.duration_since(clock.now()),
            Step::Connect(server) => {
                tokio::select! {
                    connected = TcpStream::connect(&server) => match connected {
                        Ok(socket) => {
                            let _ = socket.set_nodelay(true);
                            caller.connected(clock.now());
                            drive(socket, clock, caller, mail).await;
                        }
                        Err(error) => caller.not_connected(clock.now(), &error),
                    },
                    Some(_) = mail.recv() => caller.handle(clock.now(), Input::Shutdown),
                }
                continue;
            }
        };
        tokio::select! {
            () = sleep_until(tokio::time::Instant::now() + pause) => {}
            Some(_) = mail.recv() => caller.handle(clock.now(), Input::Shutdown),
        }
    }
}

/// Calls `stop` at the first SIGTERM or SIGINT, and ends the process at the second.
fn on_signal(stop: impl FnOnce() + Send + 'static) -> io::Result<()> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    tokio::spawn(async move {
        let mut stop = Some(stop);
        loop {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            match stop.take() {
                Some(stop) => stop(),
                None => std::process::exit(EXIT_AT_ONCE),
            }
        }
    });
    Ok(())
}

impl Runtime for Tokio {
    fn serve<S: Service>(&self, listener: std::net::TcpListener, service: Arc<S>) -> io::Result<()> {
        tokio::runtime::Runtime::new()?.block_on(async {
            let stop = Arc::new(Notify::new());
            let (signalled, asked) = (Arc::clone(&stop), Arc::clone(&stop));
            on_signal(move || signalled.notify_one())?;
            service.on_stop(Box::new(move || asked.notify_one()));
            listener.set_nonblocking(true)?;
            serve(TcpListener::from_std(listener)?, service, stop.notified()).await;
            Ok(())
        })
    }

    fn call<C: Caller + Send>(&self, caller: &mut C) -> io::Result<()> {
        let mut builder = tokio::runtime::Builder::new_current_thread();
        builder.enable_all().build()?.block_on(async {
            let (sender, mut mail) = unbounded_channel();
            on_signal(move || drop(sender.send(Mail::Shutdown)))?;
            call(caller, &mut mail).await;
            Ok(())
        })
    }
}
