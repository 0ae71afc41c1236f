//! Parts of a program around the driver: its start, signals, and the connections of a client one after the
//! other.

use std::future::pending;
use std::io;
use std::sync::Arc;

use lottery_proto::Input;
use lottery_runtime::signals::{StopSignals, hangup_stops};
use lottery_runtime::sockets::set_up;
use lottery_runtime::{Dialer, Envelope, RunClient, Serve, Service, Step};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::Notify;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::time::sleep;

use crate::connect::connect;
use crate::{Clock, drive, serve};

/// tokio runtime.
#[derive(Clone, Copy, Debug)]
pub struct Tokio;

impl Serve for Tokio {
    fn serve<S: Service>(&self, listener: std::net::TcpListener, service: Arc<S>) -> io::Result<()> {
        tokio::runtime::Runtime::new()?.block_on(async {
            let stop = Arc::new(Notify::new());
            let (signalled, asked) = (Arc::clone(&stop), Arc::clone(&stop));
            on_signal(move || signalled.notify_one())?;
            service.started(Box::new(move || asked.notify_one()));
            listener.set_nonblocking(true)?;
            serve(TcpListener::from_std(listener)?, service, stop.notified()).await;
            Ok(())
        })
    }
}

impl RunClient for Tokio {
    fn run_client<C: Dialer + Send>(&self, dialer: &mut C) -> io::Result<()> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let called = runtime.block_on(async {
            let (sender, mut mail) = unbounded_channel();
            on_signal(move || drop(sender.send(Envelope::Shutdown)))?;
            run_client(dialer, &mut mail).await;
            Ok(())
        });
        // A lookup of a name that is still running is left behind.
        runtime.shutdown_background();
        called
    }
}

/// Runs a client until it is done or told to shut down.
pub async fn run_client<C: Dialer>(dialer: &mut C, mail: &mut UnboundedReceiver<Envelope<C::Notice>>) {
    let clock = Clock::start();
    loop {
        let pause = match dialer.next_step(clock.now()) {
            Step::Done => return,
            Step::Wait(until) => until.duration_since(clock.now()),
            Step::Connect(target) => {
                tokio::select! {
                    connected = connect(&target, clock) => match connected.and_then(set_up) {
                        Ok(socket) => {
                            dialer.connected(clock.now());
                            drive(socket, clock, dialer, mail).await;
                        }
                        Err(error) => dialer.not_connected(clock.now(), &error),
                    },
                    Some(_) = mail.recv() => dialer.handle(clock.now(), Input::Shutdown),
                }
                continue;
            }
        };
        tokio::select! {
            () = sleep(pause) => {}
            Some(_) = mail.recv() => dialer.handle(clock.now(), Input::Shutdown),
        }
    }
}

/// Calls `stop` at the first SIGTERM, SIGINT or SIGHUP, and ends the process at the second.
fn on_signal(stop: impl Fn() + Send + 'static) -> io::Result<()> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let mut hangup = hangup_stops().then(|| signal(SignalKind::hangup())).transpose()?;
    tokio::spawn(async move {
        let clock = Clock::start();
        let mut signals = StopSignals::default();
        loop {
            let hung_up = async {
                match &mut hangup {
                    Some(hangup) => hangup.recv().await,
                    None => pending().await,
                }
            };
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
                _ = hung_up => {}
            }
            signals.arrived(clock.now(), &stop);
        }
    });
    Ok(())
}
