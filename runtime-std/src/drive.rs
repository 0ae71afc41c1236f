//! Driver of a machine on a socket.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::os::fd::AsFd;

use lottery_proto::{Input, Machine};
use lottery_runtime::driving::{Overdue, Turn, piece, unless_blocked};
use lottery_runtime::{Clock, Envelope};
use rustix::event::PollFlags;

use crate::Receiver;
use crate::poll::poll;

/// Drives one end of a connection until it is over.
pub fn drive<M: Machine>(mut socket: &TcpStream, clock: Clock, machine: &mut M, mail: &Receiver<M::Notice>) {
    if socket.set_nonblocking(true).is_err() {
        machine.handle(clock.now(), Input::Failed);
    }
    let (mut turn, mut overdue) = (Turn::default(), Overdue::default());
    loop {
        if let Some(found) = mail.try_recv() {
            match found {
                Envelope::Notice(notice) => machine.notice(clock.now(), *notice),
                Envelope::Shutdown => machine.handle(clock.now(), Input::Shutdown),
            }
            continue;
        }
        let Some(io) = machine.poll_io() else { return };
        let mut wanted = PollFlags::empty();
        let mut input = None;
        if io.fin {
            input = Some(socket.shutdown(Shutdown::Write).map_or(Input::Failed, |()| Input::FinSent));
        } else if overdue.is_due(&io, clock.now()) {
            let input = overdue.next(&socket, io);
            machine.handle(clock.now(), input);
            continue;
        }
        if input.is_none() && !io.send.is_empty() {
            wanted |= PollFlags::OUT;
            input = unless_blocked(socket.write(io.send), Input::Sent, Input::Failed);
        }
        if input.is_none() && !io.recv.is_empty() {
            wanted |= PollFlags::IN;
            input = unless_blocked(socket.read(piece(io.recv)), Input::Received, Input::Eof);
        }
        let input = input.or_else(|| {
            let deadline = io.deadline.map(|time| time.duration_since(clock.now()));
            let seen = poll(&[(socket.as_fd(), wanted), (mail.as_fd(), PollFlags::IN)], deadline);
            // If the machine wants to read or write, that call reports the failure.
            let dead = wanted.is_empty() && seen.intersects(PollFlags::ERR | PollFlags::HUP);
            dead.then_some(Input::Failed)
        });
        if let Some(input) = input {
            machine.handle(clock.now(), input);
            // The end of a turn yields to other threads; this thread has no other connection.
            turn.is_over(input);
        }
    }
}
