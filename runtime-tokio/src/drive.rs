//! Driver of a machine on a socket.

use std::future::{Future as _, poll_fn};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};

use lottery_proto::{Input, Io};
use lottery_runtime::driving::{Alarm, Overdue, Turn, dead, fin_input, piece, read_input, write_input};
use lottery_runtime::sockets::{half_close, reset_when_dropped};
use lottery_runtime::{Clock, Machine, Receiver};
use tokio::io::{AsyncWrite as _, Interest, ReadBuf};
use tokio::task::yield_now;
use tokio::time::sleep;

use crate::Socket;

/// Drives one end of a connection until it is over: then the socket is to be dropped.
///
/// `machine` is told times of `clock`, and gets what is sent to `mail`; that the sending ends are gone is no
/// matter. If the future is dropped, the connection breaks off.
pub async fn drive<M: Machine>(
    socket: &mut impl Socket,
    clock: Clock,
    machine: &mut M,
    mail: &Receiver<M::Notice>,
) {
    let mut timer = pin!(sleep(std::time::Duration::ZERO));
    let (mut alarm, mut turn, mut overdue) = (Alarm::default(), Turn::default(), Overdue::default());
    loop {
        while let Some(envelope) = mail.try_recv() {
            envelope.deliver_to(machine, clock.now());
        }
        let Some(io) = machine.poll_io() else { break };
        let input = if io.fin {
            Some(fin_input(half_close(&*socket)))
        } else if overdue.is_due(&io, clock.now()) {
            Some(overdue.next(&*socket, io))
        } else {
            let deadline = io.deadline.and_then(|time| clock.to_std(time));
            if let Some(deadline) = alarm.reset(deadline) {
                timer.as_mut().reset(deadline.into());
            }
            let mut is_over = |cx: &mut Context<'_>| {
                let went_off = alarm.is_wanted() && timer.as_mut().poll(cx).is_ready();
                if went_off {
                    alarm.went_off();
                }
                went_off || mail.poll_ready(cx).is_ready()
            };
            if io.recv.is_empty() && io.send.is_empty() {
                // Waits only for the death of the socket. Boxed, as it is rare, and a connection has room for it.
                let mut death = Box::pin(socket.ready(Interest::ERROR));
                let died = |_| Some(dead(&*socket));
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
        reset_when_dropped(&*socket);
    }
}

/// Writes or reads what is possible. It is ready without an input after a call that was interrupted.
fn transfer<S: Socket>(
    mut socket: &mut S,
    cx: &mut Context<'_>,
    recv: &mut [u8],
    send: &[u8],
) -> Poll<Option<Input>> {
    if !send.is_empty()
        && let Poll::Ready(written) = Pin::new(&mut socket).poll_write(cx, send)
    {
        return Poll::Ready(write_input(written));
    }
    if recv.is_empty() {
        return Poll::Pending;
    }
    let mut room = ReadBuf::new(piece(recv));
    let read = ready!(Pin::new(socket).poll_read(cx, &mut room));
    Poll::Ready(read_input(read.map(|()| room.filled().len())))
}
