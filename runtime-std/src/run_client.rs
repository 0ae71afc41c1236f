//! Connections of a client, one after the other.

use lottery_proto::Input;
use lottery_runtime::{Clock, Dialer, Step};
#[cfg(doc)]
use lottery_runtime::{Envelope, RunClient};

use crate::connect::connect;
use crate::{Receiver, drive};

/// Runs a client until it is done, as [`RunClient::run_client`] says, but handles no signals: an
/// [`Envelope::Shutdown`] in `mail` stands for the first one.
///
/// It blocks its thread.
pub fn run_client<C: Dialer>(dialer: &mut C, mail: &Receiver<C::Notice>) {
    let clock = Clock::start();
    loop {
        if mail.try_recv().is_some() {
            dialer.handle(clock.now(), Input::Shutdown);
        }
        match dialer.next_step(clock.now()) {
            Step::Done => return,
            Step::Wait(until) => {
                mail.wait(None, Some(until.duration_since(clock.now())));
            }
            Step::Connect(target) => {
                let connected = connect(&target, clock, mail);
                match connected {
                    Ok(Some(socket)) => {
                        dialer.connected(clock.now());
                        drive(&socket, clock, dialer, mail);
                    }
                    Ok(None) => dialer.handle(clock.now(), Input::Shutdown),
                    Err(error) => dialer.not_connected(clock.now(), &error),
                }
            }
        }
    }
}
