//! Agencies that send prepared batches, each a process, and measure the time until each is acknowledged.

use std::collections::VecDeque;
use std::env;
use std::fmt::Write as _;
use std::io::{BufReader, Read, Write as _, stdin};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use lottery_proto::block::BLOCK_SIZE;
use lottery_testkit::{BATCH_ACK, WELCOME, hello};

use crate::framing::{packets, read};
use crate::input::{Blocks, agencies};
use crate::process::{cpu, this_program};
use crate::worker::Worker;

/// Role of the process of an agency.
pub const ROLE: &str = "load";
/// Longest wait for a reply of the server.
const PATIENCE: Duration = Duration::from_secs(300);
/// Size of the receive buffer, in bytes.
const READ: usize = 16 * 1024;

/// Measurements of all agencies.
#[derive(Debug)]
pub struct Sent {
    /// Time from the first batch to the last acknowledgement, in seconds.
    pub seconds: f64,
    /// Number of bets.
    pub bets: f64,
    /// Processor time of the agencies while they sent, in seconds.
    pub cpu: f64,
    /// Time of each acknowledgement, in microseconds.
    pub latencies: Vec<f64>,
}

/// Lets every agency of the input send `batches` batches, of which `window` may be unacknowledged.
///
/// # Panics
/// If the server or an agency fails.
pub fn send_all(server: SocketAddr, window: usize, batches: usize) -> Sent {
    let count = Blocks::of(&agencies()).agencies().count();
    let mut loads: Vec<Worker> = (0..count).map(|agency| start(server, agency, window, batches)).collect();
    // Every client is connected and has its Welcome before the first one sends.
    for load in &mut loads {
        assert_eq!(load.line(), "ready");
    }
    let start = Instant::now();
    for load in &loads {
        load.tell("go");
    }
    let results: Vec<Vec<f64>> = loads.iter_mut().map(result).collect();
    Sent {
        seconds: start.elapsed().as_secs_f64(),
        bets: results.iter().map(|result| result[1]).sum(),
        cpu: results.iter().map(|result| result[0]).sum(),
        latencies: results.iter().flat_map(|result| &result[2..]).copied().collect(),
    }
}

/// Runs the process of an agency, in the role [`ROLE`]: prints `ready`, waits for a line, sends, and prints a line of
/// results.
///
/// # Panics
/// If the server fails.
pub fn run() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let number = |nth: usize| arguments[nth].parse::<usize>().expect("a whole number");
    let (agency, window, batches) = (number(1), number(2), number(3));
    let all = Blocks::of(&agencies()).sessions().nth(agency).expect("it has bets");
    let own: Vec<&[u8]> = packets(&all).collect();
    let socket = TcpStream::connect(&arguments[0]).expect("the server listens");
    socket.set_nodelay(true).expect("a socket");
    socket.set_read_timeout(Some(PATIENCE)).expect("a socket");
    let (mut replies, mut requests) = (BufReader::with_capacity(READ, &socket), &socket);

    requests.write_all(&hello(all[1].into())).expect("the server reads");
    receive(&mut replies, WELCOME);
    println!("ready");
    let mut go = String::new();
    stdin().read_line(&mut go).expect("the other process works");

    let cpu_before = cpu(std::process::id());
    let mut sent = VecDeque::new();
    let mut latencies = Vec::with_capacity(batches);
    let mut bets = 0_u64;
    let mut left = own.iter().cycle().take(batches);
    while latencies.len() < batches {
        while sent.len() < window
            && let Some(batch) = left.next()
        {
            sent.push_back(Instant::now());
            requests.write_all(batch).expect("the server reads");
            bets += u64::from(batch[4]);
        }
        receive(&mut replies, BATCH_ACK);
        latencies.push(sent.pop_front().expect("it was sent").elapsed().as_secs_f64() * 1e6);
    }
    let mut line = format!("{} {bets}", cpu(std::process::id()) - cpu_before);
    for latency in latencies {
        write!(line, " {latency:.1}").expect("memory to write to");
    }
    println!("{line}");
}

fn receive(replies: &mut impl Read, kind: u8) {
    let mut buffer = [0; BLOCK_SIZE];
    let reply = read(replies, &mut buffer).expect("the server answers");
    assert_eq!(reply[0], kind, "the reply's type");
}

fn start(server: SocketAddr, agency: usize, window: usize, batches: usize) -> Worker {
    let arguments = [server.to_string(), agency.to_string(), window.to_string(), batches.to_string()];
    Worker::start(this_program(ROLE).args(arguments)).expect("this program starts")
}

/// Waits for the process of an agency, and returns its processor time in seconds, its bets, and the time of each
/// acknowledgement in microseconds.
fn result(load: &mut Worker) -> Vec<f64> {
    let numbers = load.numbers();
    load.finish();
    numbers
}
