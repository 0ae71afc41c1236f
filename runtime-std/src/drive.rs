//! Driver of a machine on a socket.

use std::io::{Read, Write};
use std::os::fd::AsFd;

use lottery_proto::{Input, Io};
use lottery_runtime::driving::{
    Overdue, PIECE, Turn, dead, failed, fin_input, piece, read_input, write_input,
};
use lottery_runtime::sockets::reset_when_dropped;
use lottery_runtime::{Clock, Machine, Socket};
use rustix::event::PollFlags;

use crate::Receiver;

/// Drives one end of a connection until it is over. It blocks its thread, and puts the socket into non-blocking
/// mode.
///
/// `machine` is told times of `clock`, and gets what is sent to `mail`; that the sending ends are gone is no
/// matter.
pub fn drive<M: Machine>(socket: &Socket, clock: Clock, machine: &mut M, mail: &Receiver<M::Notice>) {
    if let Err(error) = socket.set_nonblocking(true) {
        machine.handle(clock.now(), failed(&error));
    }
    let (mut turn, mut overdue) = (Turn::default(), Overdue::default());
    let mut is_drained = false;
    loop {
        while let Some(envelope) = mail.try_recv() {
            envelope.deliver_to(machine, clock.now());
        }
        let Some(io) = machine.poll_io() else { break };
        let room = io.recv.len().min(PIECE);
        let input = if io.fin {
            Some(fin_input(socket.half_close()))
        } else if overdue.is_due(&io, clock.now()) {
            Some(overdue.next(&socket, io))
        } else {
            transfer(socket, io, clock, mail, &mut is_drained)
        };
        if let Some(input) = input {
            // A read that did not fill its room has taken all there was.
            is_drained |= matches!(input, Input::Received(bytes) if bytes < room);
            machine.handle(clock.now(), input);
            turn.count(input);
            if turn.is_over() {
                // This thread has no other connection.
                turn.yield_thread();
            }
        }
    }
    if machine.resets() {
        reset_when_dropped(socket);
    }
}

/// Writes or reads what is possible at once, or else waits until something is, mail comes or a deadline does.
///
/// While `is_drained`, there is nothing to read before the system says so.
fn transfer<N>(
    mut socket: &Socket,
    io: Io<'_>,
    clock: Clock,
    mail: &Receiver<N>,
    is_drained: &mut bool,
) -> Option<Input> {
    let Io { recv, send, deadline, .. } = io;
    let mut wanted = PollFlags::empty();
    if !send.is_empty() {
        wanted |= PollFlags::OUT;
        if let Some(input) = write_input(socket.write(send)) {
            return Some(input);
        }
    }
    if !recv.is_empty() {
        wanted |= PollFlags::IN;
        if !*is_drained && let Some(input) = read_input(socket.read(piece(recv))) {
            return Some(input);
        }
    }
    let limit = deadline.map(|time| time.duration_since(clock.now()));
    let seen = mail.wait(Some((socket.as_fd(), wanted)), limit);
    *is_drained &= (seen - PollFlags::OUT).is_empty();
    // If the machine wants to read or write, that call reports the failure.
    let is_dead = wanted.is_empty() && seen.intersects(PollFlags::ERR | PollFlags::HUP);
    is_dead.then(|| dead(socket))
}
