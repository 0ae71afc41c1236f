//! Driver of a machine on a socket.

use std::future::pending;

use lottery_proto::{Input, Io};
use lottery_runtime::driving::{Overdue, Turn, fin_input, piece, read_input, write_input};
use lottery_runtime::sockets::reset_when_dropped;
use lottery_runtime::{Clock, Envelope, Machine};
use smol::Timer;
use smol::channel::Receiver;
use smol::future::{or, yield_now};
use smol::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::Socket;
use crate::dead_socket::until_dead;

/// Event that the driver has waited for.
enum Woken<N> {
    /// Input to report; `None`: nothing has happened, but a deadline may have come.
    Input(Option<Input>),
    /// Content of the mailbox; `None`: there will be no more.
    Mail(Option<Envelope<N>>),
}

/// Drives one end of a connection until it is over, and drops the socket.
///
/// `machine` is told times of `clock`, and gets what is sent to `mail`; that the sending ends are gone is no
/// matter. If the future is dropped, the connection breaks off.
pub async fn drive<M: Machine>(
    socket: impl Socket,
    clock: Clock,
    machine: &mut M,
    mail: &Receiver<Envelope<M::Notice>>,
) {
    let (mut reader, mut writer) = (socket.clone(), socket);
    let mut mail_open = true;
    let mut timer = Timer::never();
    let mut timer_at = None;
    let (mut turn, mut overdue) = (Turn::default(), Overdue::default());
    while let Some(io) = machine.poll_io() {
        let woken = if io.fin {
            Woken::Input(Some(fin_input(writer.half_close())))
        } else if overdue.is_due(&io, clock.now()) {
            match mail.try_recv() {
                Ok(found) => Woken::Mail(Some(found)),
                Err(_) => Woken::Input(Some(overdue.next(&writer, io))),
            }
        } else {
            let deadline = io.deadline.and_then(|time| clock.to_std(time));
            if deadline != timer_at {
                timer = deadline.map_or_else(Timer::never, Timer::at);
                timer_at = deadline;
            }
            let take =
                async { if mail_open { Woken::Mail(mail.recv().await.ok()) } else { pending().await } };
            let transfer = async { Woken::Input(transfer(&mut reader, &mut writer, io).await) };
            let tick = async {
                (&mut timer).await;
                Woken::Input(None)
            };
            or(take, or(transfer, tick)).await
        };
        match woken {
            Woken::Input(Some(input)) => {
                machine.handle(clock.now(), input);
                turn.count(input);
                if turn.is_over() {
                    turn.yield_thread();
                    yield_now().await;
                }
            }
            Woken::Input(None) => {}
            Woken::Mail(Some(envelope)) => envelope.deliver_to(machine, clock.now()),
            Woken::Mail(None) => mail_open = false,
        }
    }
    if machine.resets() {
        reset_when_dropped(&writer);
    }
}

/// Reads or writes, as soon as one of them is possible. It loses nothing when it is cancelled.
async fn transfer<S: Socket>(reader: &mut S, writer: &mut S, io: Io<'_>) -> Option<Input> {
    let Io { recv, send, .. } = io;
    if recv.is_empty() && send.is_empty() {
        until_dead(writer.clone()).await;
        return Some(Input::Failed);
    }
    let write = async { write_input(writer.write(unless_empty(send).await).await) };
    let read = async { read_input(reader.read(unless_empty(piece(recv)).await).await) };
    or(write, read).await
}

/// Returns the buffer; never completes if it is empty.
async fn unless_empty<B: AsRef<[u8]>>(buffer: B) -> B {
    if buffer.as_ref().is_empty() { pending().await } else { buffer }
}
