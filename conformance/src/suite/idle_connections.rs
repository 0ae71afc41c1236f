//! Connections that wait cost no CPU time: fifty of them, over a second, to the clock's resolution. Each test
//! needs a process of its own, in which nothing else happens.

use std::thread::sleep;
use std::time::Duration;

use crate::StoppableRuntime;
use crate::agency_files::File;
use crate::client::{RunningClient, job};
use crate::dialects::codec;
use crate::holding::Holding;
use crate::raw::Raw;
use crate::server::RunningServer;
use crate::serving::Serving;
use crate::time_limits::until;
use lottery_core::client::LotteryClient;
use lottery_proto::ServerConfig;
use rustix::time::{ClockId, clock_gettime};

/// Tick of the clock by which systems charge CPU time.
const TICK: Duration = Duration::from_millis(10);

/// Checks that a second passes without CPU time. There is such a second after a while: a driver that spins
/// has none.
fn nothing_happens(what: &str) {
    let a_second = || {
        let before = cpu_time();
        sleep(Duration::from_secs(1));
        cpu_time().saturating_sub(before)
    };
    // Until the machines have given their memory back, too; on a busy machine they may be late.
    let mut used = a_second();
    for _ in 0..5 {
        used = a_second();
        if used <= TICK {
            break;
        }
    }
    assert!(used <= TICK, "{what} used {used:?} of CPU time to wait for a second");
    println!("{what}: {used:?}");
}

/// Waits until `count` stays the same.
fn nothing_changes(count: impl Fn() -> usize) {
    let mut seen = usize::MAX;
    until("nothing changes", || {
        sleep(Duration::from_millis(100));
        std::mem::replace(&mut seen, count()) == seen
    });
}

/// Returns the CPU time of this process so far.
fn cpu_time() -> Duration {
    clock_gettime(ClockId::ProcessCPUTime).try_into().expect("it is not negative")
}

/// Measures a server with connections that are idle, in the middle of a message, waiting for a reply, and
/// gone without a sign.
pub fn idle_connections_of_a_server_cost_nothing<Server: StoppableRuntime>() {
    for &dialect in crate::PLAIN {
        let codec = codec(dialect);
        let config = ServerConfig::builder(2).max_in_flight(4).build().unwrap();
        let service = Holding::new(config);
        let server = Serving::start::<Server>(service.clone());
        let connect = || Raw::connect(server.address);

        let idle: Vec<Raw> = (0..10).map(|_| connect()).collect();
        let mut begun: Vec<Raw> = (0..10).map(|_| connect()).collect();
        let batch = codec.batch(1, &File::invented(1, 30).lines());
        for peer in &mut begun {
            peer.send(&batch[..batch.len() / 2]);
        }
        let mut ended: Vec<Raw> = (0..5).map(|_| connect()).collect();
        let mut waiting: Vec<Raw> = (0..15).map(|_| connect()).collect();
        for peer in ended.iter_mut().chain(&mut waiting) {
            peer.send(&codec.await_winners(1));
        }
        ended.iter_mut().for_each(Raw::fin);
        // These are not read any more, because too many requests are unanswered: the end of their peers is
        // not seen.
        let mut gone: Vec<Raw> = (0..10).map(|_| connect()).collect();
        for peer in &mut gone {
            peer.send(&codec.await_winners(1).repeat(6));
        }
        until("all wait", || service.held() >= 30);
        nothing_changes(|| service.held());
        gone.into_iter().for_each(Raw::vanish);

        nothing_happens(&format!("50 {dialect} connections to a server on {}", Server::NAME));
        drop((idle, begun, ended, waiting));
        server.end();
    }
}

/// Measures agencies that wait for a reply, or for the time of their next query.
pub fn idle_clients_cost_nothing<Client: StoppableRuntime>() {
    for &dialect in crate::PLAIN {
        let service = Holding::new(ServerConfig::builder(100).build().unwrap());
        let holding = Serving::start::<Client>(service.clone());
        let server = RunningServer::in_memory::<Client>(100);
        let mut agencies: Vec<RunningClient<LotteryClient>> = Vec::new();
        for agency in 1..=25 {
            let file = File::invented(agency, 20);
            for address in [holding.address, server.address] {
                let mut job = job(address, dialect, agency);
                (job.poll_initial, job.retry_for) = (Duration::from_secs(3600), Duration::ZERO);
                agencies.push(RunningClient::start::<Client>(LotteryClient::new(job, file.bets())));
            }
        }
        until("25 wait for an answer", || service.held() == 25);

        nothing_happens(&format!("50 {dialect} agencies on {}", Client::NAME));
        assert!(!agencies.iter().any(RunningClient::has_ended), "{dialect}: they wait");
        // The agencies end with their servers, or wait without a connection.
        holding.end();
        server.end();
    }
}
