//! Connections of a client, one after the other.

use std::future::pending;

use lottery_proto::Input;
#[cfg(doc)]
use lottery_runtime::RunClient;
use lottery_runtime::sockets::set_options;
use lottery_runtime::{Clock, Dialer, Envelope, Step};
use smol::Timer;
use smol::channel::Receiver;
use smol::future::or;

use crate::connect::connect;
use crate::{Socket, drive};

/// Runs a client until it is done, as [`RunClient::run_client`] says, but handles no signals: an
/// [`Envelope::Shutdown`] in `mail` stands for the first one.
///
/// Its sockets are of the type `S`.
pub async fn run_client<S: Socket, C: Dialer>(dialer: &mut C, mail: &Receiver<Envelope<C::Notice>>) {
    let clock = Clock::start();
    loop {
        let step = dialer.next_step(clock.now());
        let done = async {
            match step {
                Step::Done => Some(None),
                Step::Connect(target) => Some(Some(connect::<S>(target, clock).await.and_then(set_options))),
                Step::Wait(until) => {
                    Timer::after(until.duration_since(clock.now())).await;
                    None
                }
            }
        };
        let stopped = async {
            match mail.recv().await {
                Ok(_) => Err(()),
                Err(_) => pending().await,
            }
        };
        match or(async { Ok(done.await) }, stopped).await {
            Err(()) => dialer.handle(clock.now(), Input::Shutdown),
            Ok(None) => {}
            Ok(Some(None)) => return,
            Ok(Some(Some(Err(error)))) => dialer.not_connected(clock.now(), &error),
            Ok(Some(Some(Ok(socket)))) => {
                dialer.connected(clock.now());
                drive(socket, clock, dialer, mail).await;
            }
        }
    }
}
