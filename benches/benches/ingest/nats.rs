//! Groups stored by NATS `JetStream`: a message for each batch, all of a group at once, and an acknowledgement of each.
//!
//! Its protocol needs a few lines, which are written out here: a complete client is forty crates.

use std::fs;
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

use crate::peer::{Lines, Peer, owned, program};
use crate::sink::{Keep, batches};

/// Stream that groups are stored in. A message's subject is that of its agency.
const STREAM: &str =
    r#"{"name":"bets","subjects":["bets.*"],"storage":"file","retention":"limits","num_replicas":1}"#;
/// Subject that replies arrive at.
const INBOX: &str = "inbox";

/// Starts a server that syncs every message before it acknowledges it.
///
/// # Errors
/// Returns a text that names the missing program or the failure.
pub(crate) fn start() -> Result<Peer, String> {
    Peer::start(command, Nats::open)
}

fn command(dir: &Path, port: u16) -> Result<Command, String> {
    let path = dir.join("nats.conf");
    let data = dir.join("data").display().to_string();
    let settings = format!(
        "listen: 127.0.0.1:{port}\njetstream {{ store_dir: {data:?}, sync_interval: always, max_file: 64GB }}\n"
    );
    fs::write(&path, settings).map_err(|error| error.to_string())?;
    let mut command = owned(&program("nats-server")?, None);
    command.arg("-c").arg(path);
    Ok(command)
}

/// Stream of a server.
#[derive(Debug)]
pub(crate) struct Nats {
    lines: Lines,
    messages: Vec<u8>,
}

impl Nats {
    /// Creates a new stream in the server at that address.
    pub(crate) fn new(server: SocketAddr) -> Self {
        let mut nats = Self::open(server).expect("the server listens");
        // That there is none to delete yet is an answer as well.
        nats.request("$JS.API.STREAM.DELETE.bets", "").expect("the server works");
        let created = nats.request("$JS.API.STREAM.CREATE.bets", STREAM).expect("the server works");
        assert!(!created.contains("\"error\""), "{created}");
        nats
    }

    /// # Errors
    /// Returns the error of the system or of the server.
    fn open(server: SocketAddr) -> io::Result<Self> {
        let mut nats = Self { lines: Lines::open(server)?, messages: Vec::new() };
        nats.lines.send(format!("CONNECT {{\"verbose\":false}}\r\nSUB {INBOX} 1\r\n").as_bytes())?;
        let account = nats.request("$JS.API.INFO", "")?;
        if account.contains("\"error\"") { Err(io::Error::other(account)) } else { Ok(nats) }
    }

    /// Sends a request and returns the reply.
    fn request(&mut self, subject: &str, body: &str) -> io::Result<String> {
        self.lines.send(format!("PUB {subject} {INBOX} {}\r\n{body}\r\n", body.len()).as_bytes())?;
        self.reply()
    }

    /// Returns the next reply. Answers the server's pings meanwhile.
    fn reply(&mut self) -> io::Result<String> {
        loop {
            let line = self.lines.line()?;
            let mut words = line.split(' ');
            match words.next() {
                Some("MSG") => {
                    let size: usize = words
                        .next_back()
                        .and_then(|size| size.parse().ok())
                        .ok_or(io::ErrorKind::InvalidData)?;
                    let mut body = self.lines.bytes(size + 2)?;
                    body.truncate(size);
                    return Ok(String::from_utf8_lossy(&body).into_owned());
                }
                Some("PING") => self.lines.send(b"PONG\r\n")?,
                Some("INFO" | "PONG" | "+OK") => {}
                _ => return Err(io::Error::other(line)),
            }
        }
    }
}

impl Keep for Nats {
    fn keep(&mut self, group: &[u8]) {
        self.messages.clear();
        let mut sent = 0;
        for batch in batches(group) {
            let head = format!("PUB bets.{} {INBOX} {}\r\n", batch[1], batch.len());
            self.messages.extend([head.as_bytes(), batch, b"\r\n"].concat());
            sent += 1;
        }
        self.lines.send(&self.messages).expect("the server works");
        for _ in 0..sent {
            let stored = self.reply().expect("the server works");
            assert!(stored.contains("\"seq\":"), "{stored}");
        }
    }
}
