//! Agency that sends packets as fast as the server takes them.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use benches::framing::{packets, read};
use lottery_proto::block::BLOCK_SIZE;
use lottery_testkit::{BATCH_ACK, WELCOME, hello};

/// Longest wait for the server.
const PATIENCE: Duration = Duration::from_secs(30);
/// Size of the receive buffer, in bytes.
const READ: usize = 256 * 1024;

/// Agency that has its Welcome, and its batches.
pub(crate) struct Agency<'a> {
    socket: TcpStream,
    /// Packets, one behind the other.
    batches: &'a [u8],
}

/// Measurements of an agency.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sent {
    /// Time from the first packet to the last acknowledgement.
    pub(crate) time: Duration,
    /// Number of bytes that were sent.
    pub(crate) bytes: usize,
}

impl<'a> Agency<'a> {
    /// Opens a session for the agency of these packets.
    pub(crate) fn enter(server: SocketAddr, batches: &'a [u8]) -> Self {
        let mut socket = TcpStream::connect(server).expect("the server listens");
        socket.set_nodelay(true).expect("a socket");
        socket.set_read_timeout(Some(PATIENCE)).expect("a socket");
        socket.set_write_timeout(Some(PATIENCE)).expect("a socket");
        socket.write_all(&hello(batches[1].into())).expect("the server reads");
        let mut buffer = [0; BLOCK_SIZE];
        let answer = read(&mut socket, &mut buffer).expect("the server answers");
        assert_eq!(answer[0], WELCOME, "the answer's type");
        Self { socket, batches }
    }

    /// Sends `count` packets, starting over when there are fewer, and reads a reply to each.
    pub(crate) fn send(self, count: usize) -> Sent {
        let all = packets(self.batches).count();
        let last: usize = packets(self.batches).take(count % all).map(<[u8]>::len).sum();
        let start = Instant::now();
        thread::scope(|scope| {
            scope.spawn(|| {
                let mut writer = &self.socket;
                for _ in 0..count / all {
                    writer.write_all(self.batches).expect("the server reads");
                }
                writer.write_all(&self.batches[..last]).expect("the server reads");
            });
            self.read_replies(count);
        });
        Sent { time: start.elapsed(), bytes: count / all * self.batches.len() + last }
    }

    fn read_replies(&self, count: usize) {
        let (mut reader, mut buffer) = (&self.socket, vec![0; READ]);
        let (mut replies, mut held) = (0, 0);
        while replies < count {
            let some = reader.read(&mut buffer[held..]).expect("the server answers");
            assert!(some > 0, "the server answers all");
            held += some;
            let mut bytes = 0;
            for reply in packets(&buffer[..held]) {
                assert_eq!(reply[0], BATCH_ACK, "the answer's type");
                replies += 1;
                bytes += reply.len();
            }
            buffer.copy_within(bytes..held, 0);
            held -= bytes;
        }
    }
}
