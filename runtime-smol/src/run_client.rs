//! Connections of a client, one after the other.

use std::io;

use lottery_proto::Input;
use lottery_runtime::sockets::set_options;
use lottery_runtime::{Clock, Dialer, Receiver, Socket, Step};
#[cfg(doc)]
use lottery_runtime::{Envelope, RunClient};
use smol::future::or;
use smol::{Async, Timer};

use crate::connect::connect;
use crate::drive;

/// End of a step.
enum Ended {
    Connecting(io::Result<Async<Socket>>),
    /// The time has come, or there is mail: the step is broken off.
    Waiting,
    /// The client is done.
    Done,
}

/// Runs a client until it is done, as [`RunClient::run_client`] says, but handles no signals: an
/// [`Envelope::Shutdown`] in `mail` stands for the first one.
pub async fn run_client<C: Dialer>(dialer: &mut C, mail: &Receiver<C::Notice>) {
    let clock = Clock::start();
    loop {
        if mail.try_recv().is_some() {
            dialer.handle(clock.now(), Input::Shutdown);
        }
        let step = dialer.next_step(clock.now());
        let ended = async {
            match step {
                Step::Connect(target) => {
                    Ended::Connecting(connect(target, clock).await.and_then(set_options))
                }
                Step::Wait(until) => {
                    Timer::after(until.duration_since(clock.now())).await;
                    Ended::Waiting
                }
                Step::Done => Ended::Done,
            }
        };
        let stopped = async {
            mail.ready().await;
            Ended::Waiting
        };
        match or(ended, stopped).await {
            Ended::Connecting(Ok(socket)) => {
                dialer.connected(clock.now());
                drive(&socket, clock, dialer, mail).await;
            }
            Ended::Connecting(Err(error)) => dialer.not_connected(clock.now(), &error),
            Ended::Waiting => {}
            Ended::Done => return,
        }
    }
}
