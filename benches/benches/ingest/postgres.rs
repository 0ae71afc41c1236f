//! Groups stored by PostgreSQL: a `COPY` for each, which is a transaction of its own.
//!
//! `COPY` needs little of PostgreSQL's protocol, which is written out here: a complete client is forty
//! crates.

use std::io::{self, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};

use lottery_core::store::rows::push_bet;
use lottery_proto::block::{self, BLOCK_SIZE};

use crate::sink::Keep;

/// Superuser of a new cluster, which needs no password.
pub(crate) const USER: &str = "bench";

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
    fn keep(&mut self, blocks: &[u8]) {
        self.rows.clear();
        for block in blocks.chunks_exact(BLOCK_SIZE) {
            let agency = block[1].into();
            block::decode_batch(block, |bet| push_bet(&mut self.rows, agency, &bet)).expect("a valid batch");
        }
        let copied = self.session.copy("COPY bets FROM STDIN (FORMAT csv)", self.rows.as_bytes());
        copied.expect("the database works");
    }
}

/// Connection to a PostgreSQL server.
#[derive(Debug)]
pub(crate) struct Session(BufReader<TcpStream>);

impl Session {
    /// # Errors
    /// Returns the error of the system or of the server.
    pub(crate) fn open(server: SocketAddr) -> io::Result<Self> {
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
