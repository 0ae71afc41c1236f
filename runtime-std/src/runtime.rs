//! Parts of a program around the driver: signals, and the connections of a client one after the other.

use std::io;
use std::net::TcpListener;
use std::os::fd::AsFd;
use std::sync::Arc;
use std::thread;

use lottery_proto::Input;
use lottery_runtime::signals::{StopSignals, hangup_stops};
use lottery_runtime::sockets::set_up;
use lottery_runtime::{Dialer, Envelope, RunClient, Serve, Service, Step};
use rustix::event::PollFlags;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::connect::connect;
use crate::mail::{Receiver, mail};
use crate::wait::wait;
use crate::{Clock, STACK_SIZE, drive, serve};

/// Runtime on std's blocking sockets and threads.
#[derive(Clone, Copy, Debug)]
pub struct Std;

impl Serve for Std {
    const CONNECTION_STACK: usize = STACK_SIZE;

    fn serve<S: Service>(&self, listener: TcpListener, service: Arc<S>) -> io::Result<()> {
        let (sender, stop) = mail::<()>()?;
        let asked = sender.clone();
        on_signal(move || sender.send(Envelope::Shutdown))?;
        service.started(Box::new(move || asked.send(Envelope::Shutdown)));
        serve(listener, &service, &stop)
    }
}

impl RunClient for Std {
    fn run_client<C: Dialer + Send>(&self, dialer: &mut C) -> io::Result<()> {
        let (sender, mail) = mail()?;
        on_signal(move || sender.send(Envelope::Shutdown))?;
        run_client(dialer, &mail);
        Ok(())
    }
}

/// Runs a client until it is done or told to shut down.
pub fn run_client<C: Dialer>(dialer: &mut C, mail: &Receiver<C::Notice>) {
    let clock = Clock::start();
    loop {
        if mail.try_take().is_some() {
            dialer.handle(clock.now(), Input::Shutdown);
        }
        match dialer.next_step(clock.now()) {
            Step::Done => return,
            Step::Wait(until) => {
                wait(&[(mail.as_fd(), PollFlags::IN)], Some(until.duration_since(clock.now())));
            }
            Step::Connect(target) => {
                match connect(&target, clock, mail).map(|socket| socket.and_then(set_up)) {
                    None => dialer.handle(clock.now(), Input::Shutdown),
                    Some(Ok(socket)) => {
                        dialer.connected(clock.now());
                        drive(&socket, clock, dialer, mail);
                    }
                    Some(Err(error)) => dialer.not_connected(clock.now(), &error),
                }
            }
        }
    }
}

/// Calls `stop` at the first SIGTERM, SIGINT or SIGHUP, and ends the process at the second.
fn on_signal(stop: impl Fn() + Send + 'static) -> io::Result<()> {
    let hangup = hangup_stops().then_some(SIGHUP);
    let mut arriving = Signals::new([SIGTERM, SIGINT].into_iter().chain(hangup))?;
    thread::Builder::new().name("signals".to_owned()).spawn(move || {
        let clock = Clock::start();
        let mut signals = StopSignals::default();
        for _ in arriving.forever() {
            signals.arrived(clock.now(), &stop);
        }
    })?;
    Ok(())
}
