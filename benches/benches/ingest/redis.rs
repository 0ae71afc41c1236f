//! Groups stored by Redis: for each batch a command that appends its bets to the agency's list, all of a group at
//! once.
//!
//! Its protocol needs a few lines, which are written out here.

use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

use lottery_core::store::rows::push_bet;
use lottery_proto::block;

use crate::peer::{Lines, Peer, owned, program};
use crate::sink::{Keep, batches};

/// Starts a server that appends every command to its file and syncs that before it replies.
///
/// # Errors
/// Returns a text that names the missing program or the failure.
pub(crate) fn start() -> Result<Peer, String> {
    Peer::start(command, |server| Redis::open(server)?.run(&["PING"]))
}

fn command(dir: &Path, port: u16) -> Result<Command, String> {
    let mut command = owned(&program("redis-server")?, None);
    command.args(["--bind", "127.0.0.1", "--port", &port.to_string(), "--save", ""]).arg("--dir").arg(dir);
    command.args(["--appendonly", "yes", "--appendfsync", "always", "--auto-aof-rewrite-percentage", "0"]);
    Ok(command)
}

/// Lists of a server.
#[derive(Debug)]
pub(crate) struct Redis {
    lines: Lines,
    commands: Vec<u8>,
}

impl Redis {
    /// Removes all lists of the server at that address.
    pub(crate) fn new(server: SocketAddr) -> Self {
        let mut redis = Self::open(server).expect("the server listens");
        redis.run(&["FLUSHALL"]).expect("the server works");
        redis
    }

    /// # Errors
    /// Returns the error of the system.
    fn open(server: SocketAddr) -> io::Result<Self> {
        Ok(Self { lines: Lines::open(server)?, commands: Vec::new() })
    }

    /// Runs a command whose reply is a line.
    fn run(&mut self, words: &[&str]) -> io::Result<()> {
        let mut command = Vec::new();
        push_command(&mut command, words);
        self.lines.send(&command)?;
        self.reply()
    }

    /// Reads a reply.
    ///
    /// # Errors
    /// Returns the error of the system or of the server.
    fn reply(&mut self) -> io::Result<()> {
        let line = self.lines.line()?;
        if line.starts_with([':', '+']) { Ok(()) } else { Err(io::Error::other(line)) }
    }
}

impl Keep for Redis {
    fn keep(&mut self, group: &[u8]) {
        self.commands.clear();
        let (mut sent, mut rows) = (0, String::new());
        for batch in batches(group) {
            let agency = batch[1].into();
            rows.clear();
            block::decode_batch(batch, |bet| push_bet(&mut rows, agency, &bet)).expect("a valid batch");
            let list = format!("bets:{agency}");
            let words: Vec<&str> = ["RPUSH", &list].into_iter().chain(rows.lines()).collect();
            push_command(&mut self.commands, &words);
            sent += 1;
        }
        self.lines.send(&self.commands).expect("the server works");
        for _ in 0..sent {
            self.reply().expect("the server works");
        }
    }
}

/// Appends a command: the number of its words, then the size and the text of each.
fn push_command(to: &mut Vec<u8>, words: &[&str]) {
    write!(to, "*{}\r\n", words.len()).expect("memory to write to");
    for word in words {
        write!(to, "${}\r\n{word}\r\n", word.len()).expect("memory to write to");
    }
}
