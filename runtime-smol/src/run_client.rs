//! Connections of a client, one after the other.

use std::future::pending;
use std::io;

use lottery_proto::Input;
#[cfg(doc)]
use lottery_runtime::RunClient;
use lottery_runtime::sockets::set_options;
use lottery_runtime::{Clock, Dialer, Envelope, Step};
use smol::Timer;
use smol::channel::Receiver;
use smol::future::or;

use crate::connect::connect;
use crate::{Connect, drive};

/// End of a step.
enum Ended<S> {
    Connecting(io::Result<S>),
    Waiting,
    /// The client is to shut down; the step is broken off.
    Stopped,
    /// The client is done.
    Done,
}

/// Runs a client until it is done, as [`RunClient::run_client`] says, but handles no signals: an
/// [`Envelope::Shutdown`] in `mail` stands for the first one.
///
/// Its sockets are of the type `S`.
pub async fn run_client<S: Connect, C: Dialer>(dialer: &mut C, mail: &Receiver<Envelope<C::Notice>>) {
    let clock = Clock::start();
    loop {
        let step = dialer.next_step(clock.now());
        let ended = async {
            match step {
                Step::Connect(target) => {
                    Ended::Connecting(connect::<S>(target, clock).await.and_then(set_options))
                }
                Step::Wait(until) => {
                    Timer::after(until.duration_since(clock.now())).await;
                    Ended::Waiting
                }
                Step::Done => Ended::Done,
            }
        };
        let stopped = async {
            match mail.recv().await {
                Ok(_) => Ended::Stopped,
                Err(_) => pending().await,
            }
        };
        match or(ended, stopped).await {
            Ended::Connecting(Ok(socket)) => {
                dialer.connected(clock.now());
                drive(socket, clock, dialer, mail).await;
            }
            Ended::Connecting(Err(error)) => dialer.not_connected(clock.now(), &error),
            Ended::Waiting => {}
            Ended::Stopped => dialer.handle(clock.now(), Input::Shutdown),
            Ended::Done => return,
        }
    }
}
