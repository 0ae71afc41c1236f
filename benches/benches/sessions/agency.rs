//! Agency that measures itself: its program's machine, with a list that repeats the first agency's file.

use std::convert::Infallible;
use std::fs;
use std::io;
use std::path::Path;
use std::process;
use std::sync::Arc;
use std::time::{Duration, Instant};

use benches::input::{Agency, Blocks, dir};
use benches::meter::Meter;
use benches::process::{argument, cpu};
use lottery_core::agency_file::AgencyFile;
use lottery_core::client::{Job, LotteryClient};
use lottery_proto::{AgencyId, ClientConfig, Dialect, Endpoint, Input, Io};
use lottery_runtime::{Dialer, Machine, RunClient as _, Step};

/// Sends all bets. Prints the bytes that were sent and those that were received, the processor time in seconds, and the
/// number of bets.
pub(crate) fn send_all(runtime: &str) {
    let (id, bets) = agency(number("--bets"));
    let count = bets.len();
    let mut agency = Counted { client: client(id, bets), sent: 0, received: 0 };
    let before = cpu(process::id());
    run(runtime, &mut agency);
    let seconds = cpu(process::id()) - before;
    agency.client.into_outcome().expect("the agency gets its winners");
    println!("{} {} {seconds} {count}", agency.sent, agency.received);
}

/// Sends bets for some time, and ends the process. Prints the bytes in which a second's bets were sent, of those that
/// were acknowledged.
pub(crate) fn send_for_a_while(runtime: &str) {
    let (id, bets) = agency(number("--bets"));
    let bytes = bytes_of_a_bet();
    let mut meter = meter();
    let mut client = client(id, bets).with_progress(move |progress| {
        let (now, is_last) = (Instant::now(), progress.sent == progress.total);
        let acknowledged = f64::from(u32::try_from(progress.sent).expect("not so many bets"));
        let rate = meter.take(now, acknowledged);
        if let Some(rate) = rate.or_else(|| meter.so_far(now, acknowledged).filter(|_| is_last)) {
            println!("{}", rate * bytes);
            process::exit(0);
        }
    });
    run(runtime, &mut client);
    panic!("it ended early: {:?}", client.into_outcome());
}

/// Returns a meter with the times of the arguments, in milliseconds.
pub(crate) fn meter() -> Meter {
    let time = |flag| Duration::from_millis(number(flag).try_into().expect("a short time"));
    Meter::new(time("--warm-up"), time("--measured"))
}

/// Returns the first agency, with its bets repeated until there are at least so many.
pub(crate) fn agency(least: usize) -> Agency {
    let (id, path) = (AgencyId::new(1).expect("an agency"), dir().join("agency-1.csv"));
    let mut text = fs::read_to_string(&path).expect("the agency has a file");
    if !text.ends_with('\n') {
        text.push('\n');
    }
    let text = text.repeat(least.div_ceil(text.lines().count()).max(1));
    (id, Arc::new(AgencyFile::parse(Path::new("agency-1.csv"), text.as_bytes()).expect("a valid file")))
}

/// Returns the bytes of a bet on the wire, on average.
fn bytes_of_a_bet() -> f64 {
    let blocks = Blocks::of(&[agency(0)]);
    let float = |number: usize| f64::from(u32::try_from(number).expect("one file is not so large"));
    float(blocks.size()) / float(blocks.bets())
}

fn number(flag: &str) -> usize {
    argument(flag).parse().expect("a whole number")
}

fn client(id: AgencyId, bets: Arc<AgencyFile>) -> LotteryClient {
    let connection = ClientConfig::new(id, Dialect::SESSION).expect("valid settings");
    LotteryClient::new(Job::new(connection, argument("--server")), bets)
}

fn run(runtime: &str, client: &mut (impl Dialer<Notice = Infallible> + Send)) {
    let ran = match runtime {
        "tokio" => runtime_tokio::Tokio.run_client(client),
        "std" => runtime_std::Std.run_client(client),
        _ => runtime_smol::Smol.run_client(client),
    };
    ran.expect("the runtime works");
}

/// Client whose bytes are counted.
#[derive(Debug)]
struct Counted {
    client: LotteryClient,
    sent: usize,
    received: usize,
}

impl Endpoint for Counted {
    fn poll_io(&mut self) -> Option<Io<'_>> {
        self.client.poll_io()
    }

    fn handle(&mut self, now: lottery_proto::Instant, input: Input) {
        match input {
            Input::Sent(bytes) => self.sent += bytes,
            Input::Received(bytes) => self.received += bytes,
            _ => {}
        }
        self.client.handle(now, input);
    }
}

impl Machine for Counted {
    type Notice = Infallible;

    fn notice(&mut self, _: lottery_proto::Instant, notice: Infallible) {
        match notice {}
    }
}

impl Dialer for Counted {
    fn next_step(&mut self, now: lottery_proto::Instant) -> Step {
        self.client.next_step(now)
    }

    fn connected(&mut self, now: lottery_proto::Instant) {
        self.client.connected(now);
    }

    fn not_connected(&mut self, now: lottery_proto::Instant, error: &io::Error) {
        self.client.not_connected(now, error);
    }
}
