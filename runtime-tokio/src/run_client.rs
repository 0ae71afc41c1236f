//! Connections of a client, one after the other.

use lottery_proto::Input;
#[cfg(doc)]
use lottery_runtime::RunClient;
use lottery_runtime::sockets::set_options;
use lottery_runtime::{Clock, Dialer, Envelope, Step};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::sleep;

use crate::connect::connect;
use crate::drive;

/// Runs a client until it is done, as [`RunClient::run_client`] says, but handles no signals: an
/// [`Envelope::Shutdown`] in `mail` stands for the first one.
pub async fn run_client<C: Dialer>(dialer: &mut C, mail: &mut UnboundedReceiver<Envelope<C::Notice>>) {
    let clock = Clock::start();
    loop {
        match dialer.next_step(clock.now()) {
            Step::Connect(target) => tokio::select! {
                connected = connect(&target, clock) => match connected.and_then(set_options) {
                    Ok(socket) => {
                        dialer.connected(clock.now());
                        drive(socket, clock, dialer, mail).await;
                    }
                    Err(error) => dialer.not_connected(clock.now(), &error),
                },
                Some(_) = mail.recv() => dialer.handle(clock.now(), Input::Shutdown),
            },
            Step::Wait(until) => tokio::select! {
                () = sleep(until.duration_since(clock.now())) => {}
                Some(_) = mail.recv() => dialer.handle(clock.now(), Input::Shutdown),
            },
            Step::Done => return,
        }
    }
}
