//! Connections of a client, one after the other.

use lottery_proto::Input;
use lottery_runtime::{Clock, Dialer, Receiver, Step};
#[cfg(doc)]
use lottery_runtime::{Envelope, RunClient};
use tokio::time::sleep;

use crate::connect::{Connected, connect};
use crate::drive;

/// Runs a client until it is done, as [`RunClient::run_client`] says, but handles no signals: an
/// [`Envelope::Shutdown`] in `mail` stands for the first one.
pub async fn run_client<C: Dialer>(dialer: &mut C, mail: &Receiver<C::Notice>) {
    let clock = Clock::start();
    loop {
        if mail.try_recv().is_some() {
            dialer.handle(clock.now(), Input::Shutdown);
        }
        match dialer.next_step(clock.now()) {
            Step::Connect(target) => tokio::select! {
                connected = connect(&target, clock) => match connected {
                    Ok(Connected::Tcp(mut socket)) => {
                        dialer.connected(clock.now());
                        drive(&mut socket, clock, dialer, mail).await;
                    }
                    Ok(Connected::Unix(mut socket)) => {
                        dialer.connected(clock.now());
                        drive(&mut socket, clock, dialer, mail).await;
                    }
                    Err(error) => dialer.not_connected(clock.now(), &error),
                },
                () = mail.ready() => {}
            },
            Step::Wait(until) => tokio::select! {
                () = sleep(until.duration_since(clock.now())) => {}
                () = mail.ready() => {}
            },
            Step::Done => return,
        }
    }
}
