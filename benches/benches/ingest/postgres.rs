//! Groups stored by PostgreSQL: a `COPY` for each, which is a transaction of its own.
//!
//! `COPY` needs little of PostgreSQL's protocol, which is written out here: a complete client is forty
//! crates.

use std::fs;
use std::io::{self, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;

use lottery_core::store::rows::push_bet;
use lottery_proto::block;

use crate::peer::{Peer, directory_of, done, owned};
use crate::sink::{Keep, batches};

/// Superuser of a new cluster, which needs no password.
const USER: &str = "bench";
/// User that PostgreSQL runs as if this process is root, which PostgreSQL rejects. Its packages create the
/// user.
const OWNER: &str = "postgres";
/// Directory in which Debian's packages put the programs, each version in a directory of its own.
const VERSIONS: &str = "/usr/lib/postgresql";

/// Version 3.0 of PostgreSQL's protocol.
const VERSION: u32 = 3 << 16;
// First bytes of PostgreSQL's messages.
const AUTHENTICATION: u8 = b'R';
const COPY_DATA: u8 = b'd';
const COPY_DONE: u8 = b'c';
const COPY_IN: u8 = b'G';
const ERROR: u8 = b'E';
const QUERY: u8 = b'Q';
const READY: u8 = b'Z';

/// Starts a server of a new cluster.
///
/// # Errors
/// Returns a text that names the missing program or the failure.
pub(crate) fn start() -> Result<Peer, String> {
    Peer::start(command, Session::open)
}

fn command(dir: &Path, port: u16) -> Result<Command, String> {
    let programs = programs().ok_or("there is no postgres here, which benches/install-peers installs")?;
    let data = dir.join("data");
    directory_of(OWNER, &data)?;
    done(
        owned(&programs.join("initdb"), Some(OWNER))
            .args(["--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync", "--username", USER])
            .arg("--pgdata")
            .arg(&data),
    )?;
    let mut command = owned(&programs.join("postgres"), Some(OWNER));
    command.args(["-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="]);
    command.args(["-c", &format!("port={port}"), "-D"]).arg(&data);
    Ok(command)
}

/// Returns the directory of PostgreSQL's programs, of the newest version.
fn programs() -> Option<PathBuf> {
    let versions = fs::read_dir(VERSIONS).ok()?.filter_map(|entry| Some(entry.ok()?.path()));
    let with_number =
        versions.filter_map(|path| Some((path.file_name()?.to_str()?.parse::<u32>().ok()?, path)));
    let with_programs = with_number.map(|(number, path)| (number, path.join("bin")));
    with_programs.filter(|(_, bin)| bin.join("initdb").exists()).max().map(|(_, bin)| bin)
}

/// Table that groups are stored in.
#[derive(Debug)]
pub(crate) struct Postgres {
    session: Session,
    rows: String,
}

impl Postgres {
    /// Creates a new table in the server at that address.
    pub(crate) fn new(server: SocketAddr) -> Self {
        let mut session = Session::open(server).expect("the database listens");
        for statement in [
            "DROP TABLE IF EXISTS bets",
            "CREATE TABLE bets (agency integer NOT NULL, first_name text NOT NULL, last_name text NOT NULL, \
             document text NOT NULL, birthdate date NOT NULL, number bigint NOT NULL)",
            // A checkpoint keeps the writes of the contender before out of this measurement.
            "CHECKPOINT",
        ] {
            session.query(statement).expect("the database works");
        }
        Self { session, rows: String::new() }
    }
}

impl Keep for Postgres {
    fn keep(&mut self, group: &[u8]) {
        self.rows.clear();
        for batch in batches(group) {
            let agency = batch[1].into();
            block::decode_batch(batch, |bet| push_bet(&mut self.rows, agency, &bet)).expect("a valid batch");
        }
        let copied = self.session.copy("COPY bets FROM STDIN (FORMAT csv)", self.rows.as_bytes());
        copied.expect("the database works");
    }
}

/// Connection to a PostgreSQL server.
#[derive(Debug)]
struct Session(BufReader<TcpStream>);

impl Session {
    /// # Errors
    /// Returns the error of the system or of the server.
    fn open(server: SocketAddr) -> io::Result<Self> {
        let socket = TcpStream::connect(server)?;
        socket.set_nodelay(true)?;
        let mut session = Self(BufReader::new(socket));
        let start =
            [&VERSION.to_be_bytes()[..], b"user\0", USER.as_bytes(), b"\0database\0postgres\0\0"].concat();
        session.write(&sized(&start))?;
        session.read_until(READY)?;
        Ok(session)
    }

    /// Runs a statement that returns no rows.
    fn query(&mut self, statement: &str) -> io::Result<()> {
        self.write(&message(QUERY, &[statement.as_bytes(), b"\0"].concat()))?;
        self.read_until(READY)
    }

    /// Runs a `COPY … FROM STDIN` with this input.
    fn copy(&mut self, statement: &str, input: &[u8]) -> io::Result<()> {
        self.write(&message(QUERY, &[statement.as_bytes(), b"\0"].concat()))?;
        self.read_until(COPY_IN)?;
        self.write(&[message(COPY_DATA, input), message(COPY_DONE, b"")].concat())?;
        self.read_until(READY)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.get_mut().write_all(bytes)
    }

    /// Reads messages up to one of the kind `wanted`. Returns an error if the server reports one, or requires
    /// a password.
    fn read_until(&mut self, wanted: u8) -> io::Result<()> {
        loop {
            let mut head = [0; 5];
            self.0.read_exact(&mut head)?;
            let [kind, size @ ..] = head;
            let mut body = Vec::new();
            let size = u64::from(u32::from_be_bytes(size).saturating_sub(4));
            self.0.by_ref().take(size).read_to_end(&mut body)?;
            let rejected = kind == AUTHENTICATION && body != [0; 4];
            if kind == ERROR || rejected {
                return Err(io::Error::other(String::from_utf8_lossy(&body).into_owned()));
            }
            if kind == wanted {
                return Ok(());
            }
        }
    }
}

fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    [&[kind], &*sized(body)].concat()
}

/// Prefixes `body` with its size in bytes, which includes the four of the size itself.
fn sized(body: &[u8]) -> Vec<u8> {
    let size = u32::try_from(body.len() + 4).expect("a group is a few megabytes");
    [&size.to_be_bytes(), body].concat()
}
