//! Agency that sends blocks as fast as the server takes them.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use lottery_proto::block::BLOCK_SIZE;
use lottery_proto::{AgencyId, Client, ClientConfig, Dialect};

/// Longest wait for the server.
const PATIENCE: Duration = Duration::from_secs(30);
/// Packet types of the replies (`docs/protocol.md#block`, `docs/protocol.md#sessions`).
const BATCH_ACK: u8 = 5;
const WELCOME: u8 = 8;

/// Agency that has its Welcome, and its batches.
pub(crate) struct Agency<'a> {
    socket: TcpStream,
    blocks: &'a [u8],
}

impl<'a> Agency<'a> {
    /// Opens a session for the agency of these blocks.
    pub(crate) fn enter(server: SocketAddr, blocks: &'a [u8]) -> Self {
        let mut socket = TcpStream::connect(server).expect("the server listens");
        socket.set_nodelay(true).expect("a socket");
        socket.set_read_timeout(Some(PATIENCE)).expect("a socket");
        socket.set_write_timeout(Some(PATIENCE)).expect("a socket");
        let id = AgencyId::new(blocks[1].into()).expect("an agency");
        let now = lottery_proto::Instant::default();
        let mut client = Client::new(ClientConfig::new(id, Dialect::SESSION).expect("valid settings"), now);
        socket.write_all(client.poll_io().expect("the connection is open").send).expect("the server reads");
        let mut answer = [0; BLOCK_SIZE];
        socket.read_exact(&mut answer).expect("the server answers");
        assert_eq!(answer[0], WELCOME, "the answer's type");
        Self { socket, blocks }
    }

    /// Sends `count` blocks, starting over when there are fewer, and reads a reply to each. Returns the time
    /// that this took.
    pub(crate) fn send(self, count: usize) -> Duration {
        let (mut reader, mut writer) = (&self.socket, &self.socket);
        let start = Instant::now();
        thread::scope(|scope| {
            scope.spawn(move || {
                let mut left = count * BLOCK_SIZE;
                while left > 0 {
                    let some = &self.blocks[..left.min(self.blocks.len())];
                    writer.write_all(some).expect("the server reads");
                    left -= some.len();
                }
            });
            let mut answers = vec![0; 256 * 1024];
            let mut read = 0;
            while read < count * BLOCK_SIZE {
                let some = reader.read(&mut answers).expect("the server answers");
                assert!(some > 0, "the server answers all");
                // Offset of the first reply that begins in these bytes.
                let begins = read.next_multiple_of(BLOCK_SIZE) - read;
                let mut types = answers[..some].iter().skip(begins).step_by(BLOCK_SIZE);
                assert!(types.all(|kind| *kind == BATCH_ACK), "the answers' type");
                read += some;
            }
        });
        start.elapsed()
    }
}
