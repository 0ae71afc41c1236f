//! Driver of a machine on a socket.

use std::pin::pin;

use lottery_proto::{Input, Machine};
use lottery_runtime::driving::{Overdue, Turn, fin_input, piece, read_input, write_input};
use lottery_runtime::{Clock, Envelope};
use tokio::io::{AsyncReadExt, AsyncWriteExt, Interest};
use tokio::net::TcpStream;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::task::yield_now;
use tokio::time::sleep;

/// Drives one end of a connection until it is over.
pub async fn drive<M: Machine>(
    mut socket: TcpStream,
    clock: Clock,
    machine: &mut M,
    mail: &mut UnboundedReceiver<Envelope<M::Notice>>,
) {
    let (mut reader, mut writer) = socket.split();
    let mut mail_open = true;
    let mut timer = pin!(sleep(std::time::Duration::ZERO));
    let mut timer_at = None;
    let (mut turn, mut overdue) = (Turn::default(), Overdue::default());
    while let Some(io) = machine.poll_io() {
        let input = if io.fin {
            fin_input(writer.shutdown().await)
        } else if overdue.is_due(&io, clock.now()) {
            match mail.try_recv() {
                Ok(Envelope::Notice(notice)) => {
                    machine.notice(clock.now(), *notice);
                    continue;
                }
                Ok(Envelope::Shutdown) => Input::Shutdown,
                Err(_) => overdue.next(reader.as_ref(), io),
            }
        } else {
            let (reads, writes) = (!io.recv.is_empty(), !io.send.is_empty());
            let deadline = io.deadline.and_then(|time| clock.to_std(time));
            if let Some(deadline) = deadline.filter(|_| deadline != timer_at) {
                timer.as_mut().reset(deadline.into());
            }
            timer_at = deadline;
            let transfer = async {
                tokio::select! {
                    read = reader.read(piece(io.recv)), if reads => read_input(read),
                    written = writer.write(io.send), if writes => write_input(written),
                    else => {
                        // Nothing to read or write: waits only for the death of the socket.
                        let _ = writer.ready(Interest::ERROR).await;
                        Some(Input::Failed)
                    }
                }
            };
            tokio::select! {
                input = transfer => match input {
                    Some(input) => input,
                    None => continue,
                },
                () = &mut timer, if deadline.is_some() => continue,
                found = mail.recv(), if mail_open => match found {
                    Some(Envelope::Notice(notice)) => {
                        machine.notice(clock.now(), *notice);
                        continue;
                    }
                    Some(Envelope::Shutdown) => Input::Shutdown,
                    None => {
                        mail_open = false;
                        continue;
                    }
                },
            }
        };
        machine.handle(clock.now(), input);
        turn.count(input);
        if turn.is_over() {
            turn.yield_thread();
            yield_now().await;
        }
    }
}
