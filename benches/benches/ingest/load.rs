//! Agency that sends prepared batches, and measures the time until each is acknowledged.

use std::collections::VecDeque;
use std::env;
use std::fmt::Write as _;
use std::io::{Read as _, Write as _, stdin};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use benches::input::{Blocks, agencies};
use benches::process::cpu;
use lottery_proto::block::BLOCK_SIZE;
use lottery_proto::{AgencyId, Client, ClientConfig, Dialect};

use crate::micros;

/// Longest wait for a reply of the server.
const PATIENCE: Duration = Duration::from_secs(60);
/// Packet types of the replies (`docs/protocol.md#block`, `docs/protocol.md#sessions`).
const BATCH_ACK: u8 = 5;
const WELCOME: u8 = 8;

/// Runs the process of an agency: prints `ready`, waits for a line, sends, and prints a line of results.
pub(crate) fn run() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let number = |nth: usize| arguments[nth].parse::<usize>().expect("a whole number");
    let (agency, window, batches) = (number(1), number(2), number(3));
    let all = Blocks::of(&agencies());
    let blocks: Vec<&[u8]> =
        all.agencies().nth(agency).expect("it has bets").chunks_exact(BLOCK_SIZE).collect();
    let mut socket = TcpStream::connect(&arguments[0]).expect("the server listens");
    socket.set_nodelay(true).expect("a socket");
    socket.set_read_timeout(Some(PATIENCE)).expect("a socket");

    let id = AgencyId::new(blocks[0][1].into()).expect("an agency");
    let now = lottery_proto::Instant::default();
    let mut client = Client::new(ClientConfig::new(id, Dialect::SESSION).expect("valid settings"), now);
    socket.write_all(client.poll_io().expect("the connection is open").send).expect("the server reads");
    receive(&mut socket, WELCOME);
    println!("ready");
    let mut go = String::new();
    stdin().read_line(&mut go).expect("the other process works");

    let cpu_before = cpu(std::process::id());
    let mut sent = VecDeque::new();
    let mut latencies = Vec::with_capacity(batches);
    let mut bets = 0_u64;
    let mut left = blocks.iter().cycle().take(batches);
    while latencies.len() < batches {
        while sent.len() < window
            && let Some(block) = left.next()
        {
            sent.push_back(Instant::now());
            socket.write_all(block).expect("the server reads");
            bets += u64::from(block[4]);
        }
        receive(&mut socket, BATCH_ACK);
        latencies.push(micros(sent.pop_front().expect("it was sent").elapsed()));
    }
    let mut line = format!("{} {bets}", cpu(std::process::id()) - cpu_before);
    for latency in latencies {
        write!(line, " {latency:.1}").expect("memory to write to");
    }
    println!("{line}");
}

fn receive(socket: &mut TcpStream, kind: u8) {
    let mut block = [0; BLOCK_SIZE];
    socket.read_exact(&mut block).expect("the server answers");
    assert_eq!(block[0], kind, "the answer's type");
}
