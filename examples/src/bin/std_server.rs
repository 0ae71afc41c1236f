//! A server on threads that keeps the bets of a lottery in memory, in every dialect but `session`:
//!
//! `cargo run -p examples --bin std_server -- 127.0.0.1:12345 5`
//!
//! A connection takes its turn when its socket has something, and every millisecond: so it also sees its notices.

use std::error::Error;
use std::io;
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Instant as Clock;

use examples::lottery::Lottery;
use examples::{since, step};
use lottery_runtime::sockets::reset_when_dropped;
use lottery_runtime::{Machine, Mailbox, Service as _};

/// Drives a machine until its connection is over.
fn drive<M: Machine>(
    socket: &TcpStream,
    start: Clock,
    mut machine: M,
    mail: &Receiver<M::Notice>,
) -> io::Result<()> {
    socket.set_nonblocking(true)?;
    loop {
        let now = since(start);
        for notice in mail.try_iter() {
            machine.notice(now, notice);
        }
        let Some(io) = machine.poll_io() else { break };
        if let Some(input) = step(socket, io, now) {
            machine.handle(now, input);
        }
    }
    if machine.resets() {
        reset_when_dropped(socket);
    }
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let listener = TcpListener::bind(arguments.next().unwrap_or_else(|| "127.0.0.1:12345".to_owned()))?;
    let agencies = arguments.next().map_or(Ok(5), |text| text.parse())?;
    println!("listening at {}", listener.local_addr()?);
    let lottery = Lottery::new(agencies);
    let start = Clock::now();
    loop {
        let (socket, peer) = listener.accept()?;
        let (post, mail) = channel();
        let mailbox = Mailbox::new(move |notice| drop(post.send(notice)));
        let Some(machine) = lottery.accept(since(start), peer.into(), mailbox) else { continue };
        thread::spawn(move || {
            if let Err(error) = drive(&socket, start, machine, &mail) {
                println!("{peer}: {error}");
            }
        });
    }
}
