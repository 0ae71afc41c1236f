//! Driver of a machine on a socket.

use std::future::{Future as _, poll_fn};
use std::io::{Read as _, Write as _};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use lottery_proto::{Input, Io};
use lottery_runtime::driving::{
    Alarm, Overdue, Turn, dead, failed, fin_input, piece, read_input, write_input,
};
use lottery_runtime::sockets::reset_when_dropped;
use lottery_runtime::{Clock, Machine, Receiver, Socket};
use smol::future::yield_now;
use smol::{Async, Timer};

use crate::dead_socket::until_dead;

/// Drives one end of a connection until it is over: then the socket is to be dropped.
///
/// `machine` is told times of `clock`, and gets what is sent to `mail`; that the sending ends are gone is no
/// matter. If the future is dropped, the connection breaks off.
pub async fn drive<M: Machine>(
    socket: &Async<Socket>,
    clock: Clock,
    machine: &mut M,
    mail: &Receiver<M::Notice>,
) {
    let mut timer = Timer::never();
    let (mut alarm, mut turn, mut overdue) = (Alarm::default(), Turn::default(), Overdue::default());
    loop {
        while let Some(envelope) = mail.try_recv() {
            envelope.deliver_to(machine, clock.now());
        }
        let Some(io) = machine.poll_io() else { break };
        let input = if io.fin {
            Some(fin_input(socket.get_ref().half_close()))
        } else if overdue.is_due(&io, clock.now()) {
            Some(overdue.next(socket, io))
        } else {
            if let Some(deadline) = alarm.reset(io.deadline.and_then(|time| clock.to_std(time))) {
                timer.set_at(deadline);
            }
            let mut is_over = |cx: &mut Context<'_>| {
                let went_off = alarm.is_wanted() && Pin::new(&mut timer).poll(cx).is_ready();
                if went_off {
                    alarm.went_off();
                }
                went_off || mail.poll_ready(cx).is_ready()
            };
            if io.recv.is_empty() && io.send.is_empty() {
                // Boxed, as it is rare, and a connection has room for it.
                let mut death = Box::pin(until_dead(socket));
                let died = |()| Some(dead(socket));
                poll_fn(|cx| if is_over(cx) { Poll::Ready(None) } else { death.as_mut().poll(cx).map(died) })
                    .await
            } else {
                let Io { recv, send, .. } = io;
                poll_fn(|cx| {
                    let input = transfer(socket, cx, recv, send);
                    if input.is_pending() && is_over(cx) { Poll::Ready(None) } else { input }
                })
                .await
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
        reset_when_dropped(socket);
    }
}

/// Writes or reads what is possible. It is ready without an input if that may have become possible.
///
/// It reads before it waits: to wait costs calls to the system that no turn counts, and a peer that floods this end has
/// sent more by then.
fn transfer(
    socket: &Async<Socket>,
    cx: &mut Context<'_>,
    recv: &mut [u8],
    send: &[u8],
) -> Poll<Option<Input>> {
    let mut system = socket.get_ref();
    if !send.is_empty() {
        if let Some(input) = write_input(system.write(send)) {
            return Poll::Ready(Some(input));
        }
        if let Poll::Ready(writable) = socket.poll_writable(cx) {
            return Poll::Ready(writable.err().map(|error| failed(&error)));
        }
    }
    if recv.is_empty() {
        return Poll::Pending;
    }
    if let Some(input) = read_input(system.read(piece(recv))) {
        return Poll::Ready(Some(input));
    }
    let readable = ready!(socket.poll_readable(cx));
    Poll::Ready(readable.err().map(|error| failed(&error)))
}
