//! Driver of a machine on a socket.

use std::pin::pin;

use lottery_proto::{Input, Io};
use lottery_runtime::driving::{Overdue, Turn, fin_input, piece, read_input, write_input};
use lottery_runtime::sockets::{half_close, reset_when_dropped};
use lottery_runtime::{Clock, Envelope, Machine};
use tokio::io::Interest;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::task::yield_now;
use tokio::time::sleep;

use crate::Socket;

/// Drives one end of a connection until it is over, and drops the socket.
///
/// `machine` is told times of `clock`, and gets what is sent to `mail`; that the sending ends are gone is no
/// matter. If the future is dropped, the connection breaks off.
pub async fn drive<M: Machine>(
    socket: impl Socket,
    clock: Clock,
    machine: &mut M,
    mail: &mut UnboundedReceiver<Envelope<M::Notice>>,
) {
    let mut mail_open = true;
    let mut timer = pin!(sleep(std::time::Duration::ZERO));
    let mut timer_at = None;
    let (mut turn, mut overdue) = (Turn::default(), Overdue::default());
    while let Some(io) = machine.poll_io() {
        let input = if io.fin {
            Some(fin_input(half_close(&socket)))
        } else if overdue.is_due(&io, clock.now()) {
            match mail.try_recv() {
                Ok(envelope) => {
                    envelope.deliver_to(machine, clock.now());
                    continue;
                }
                Err(_) => Some(overdue.next(&socket, io)),
            }
        } else {
            let deadline = io.deadline.and_then(|time| clock.to_std(time));
            if let Some(deadline) = deadline.filter(|_| deadline != timer_at) {
                timer.as_mut().reset(deadline.into());
            }
            timer_at = deadline;
            tokio::select! {
                input = transfer(&socket, io) => input,
                () = &mut timer, if deadline.is_some() => None,
                found = mail.recv(), if mail_open => {
                    match found {
                        Some(envelope) => envelope.deliver_to(machine, clock.now()),
                        None => mail_open = false,
                    }
                    None
                }
            }
        };
        let Some(input) = input else { continue };
        machine.handle(clock.now(), input);
        turn.count(input);
        if turn.is_over() {
            turn.yield_thread();
            yield_now().await;
        }
    }
    if machine.resets() {
        reset_when_dropped(&socket);
    }
}

/// Reads or writes, as soon as one of them is possible. It loses nothing when it is cancelled.
async fn transfer(socket: &impl Socket, io: Io<'_>) -> Option<Input> {
    let Io { recv, send, .. } = io;
    let interest = match (recv.is_empty(), send.is_empty()) {
        // Nothing to read or write: waits only for the death of the socket.
        (true, true) => {
            let _ = socket.ready(Interest::ERROR).await;
            return Some(Input::Failed);
        }
        (false, true) => Interest::READABLE,
        (true, false) => Interest::WRITABLE,
        (false, false) => Interest::READABLE | Interest::WRITABLE,
    };
    let Ok(ready) = socket.ready(interest).await else { return Some(Input::Failed) };
    if !send.is_empty()
        && ready.is_writable()
        && let Some(input) = write_input(socket.try_write(send))
    {
        return Some(input);
    }
    if recv.is_empty() { None } else { read_input(socket.try_read(piece(recv))) }
}
