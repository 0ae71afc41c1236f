//! Clients that are stopped in every state: each ends soon, and its connection cleanly.

use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use crate::StoppableRuntime;
use crate::agency_files::File;
use crate::client::{self, RunningClient};
use crate::dialects::codec;
use crate::holding::Holding;
use crate::raw::Raw;
use crate::serving::Serving;
use crate::time_limits::{END, until};
use lottery_core::client::{ClientError, Job, LotteryClient};
use lottery_proto::{Dialect, Endpoint, Input, Instant, Io, ServerConfig};
use lottery_runtime::{Dialer, Machine, Step};
use socket2::{Domain, Socket, Type};

fn listener() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    let address = listener.local_addr().expect("a listener has an address");
    (listener, address)
}

/// Returns the job of agency 1, with a short timeout for the server's end.
fn job(address: SocketAddr, dialect: Dialect) -> Job {
    let mut job = client::job(address, dialect, 1);
    let connection = job.connection.to_builder().linger_timeout(Duration::from_millis(200));
    job.connection = connection.build().expect("valid settings");
    job
}

fn start<Client: StoppableRuntime>(
    address: SocketAddr,
    dialect: Dialect,
    file: &File,
) -> RunningClient<LotteryClient> {
    RunningClient::stoppable::<Client>(LotteryClient::new(job(address, dialect), file.bets()))
}

fn ends_as_stopped(agency: RunningClient<LotteryClient>) {
    agency.stop();
    let outcome = agency.join(END).into_outcome();
    assert!(matches!(outcome, Err(ClientError::Stopped)), "{outcome:?}");
}

/// Stops the client while it connects to a server that does not accept.
pub fn a_connecting_client_stops<Client: StoppableRuntime>() {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
    socket.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into()).expect("a free port");
    socket.listen(0).expect("a listener");
    let address = socket.local_addr().expect("a listener has an address").as_socket().expect("IPv4");
    // The queue of the listener is full: further connections wait.
    let crowd: Vec<Socket> = (0..4)
        .map(|_| {
            let peer = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
            peer.set_nonblocking(true).expect("a socket can be non-blocking");
            let _ = peer.connect(&address.into());
            peer
        })
        .collect();
    let timeout = Duration::from_millis(100);
    assert!(TcpStream::connect_timeout(&address, timeout).is_err(), "nobody else is let in");
    for &dialect in crate::PLAIN {
        let agency = start::<Client>(address, dialect, &File::invented(1, 3));
        thread::sleep(Duration::from_millis(50));
        assert!(!agency.has_ended(), "{dialect}: it waits");
        ends_as_stopped(agency);
    }
    drop(crowd);
}

/// Stops the client while it sends to a server that does not read.
pub fn a_sending_client_stops<Client: StoppableRuntime>() {
    for &dialect in crate::PLAIN {
        let (listener, address) = listener();
        Socket::from(listener.try_clone().expect("a second handle")).set_recv_buffer_size(1).expect("small");
        let (sent, seen) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let progress = Arc::clone(&sent);
        let mut job = job(address, dialect);
        if codec(dialect).takes_turns() {
            // One batch of more bytes than a socket takes.
            job.batch_max = Some(usize::MAX);
            let connection = job.connection.to_builder().max_batch(usize::MAX).max_message(usize::MAX);
            job.connection = connection.build().expect("valid settings");
        }
        let agency = LotteryClient::new(job, File::invented(1, 100_000).bets());
        let agency = agency.with_progress(move |now| progress.store(now.sent, Ordering::Relaxed));
        let agency = RunningClient::stoppable::<Client>(agency);
        let (peer, _) = listener.accept().expect("the agency connects");
        until("it sends no more", || {
            thread::sleep(Duration::from_millis(50));
            let sent = sent.load(Ordering::Relaxed);
            sent > 0 && seen.swap(sent, Ordering::Relaxed) == sent
        });
        let all = sent.load(Ordering::Relaxed) == 100_000;
        assert_eq!(all, codec(dialect).takes_turns(), "{dialect}: it could not send all");
        ends_as_stopped(agency);
        drop(peer);
    }
}

/// Stops the client while it waits for a reply.
pub fn a_client_that_waits_for_a_reply_stops<Client: StoppableRuntime>() {
    for &dialect in crate::PLAIN {
        let service = Holding::new(
            ServerConfig::builder(5).linger_timeout(Duration::from_millis(200)).build().unwrap(),
        );
        let server = Serving::start::<Client>(service.clone());
        let agency = start::<Client>(server.address, dialect, &File::invented(1, 3));
        until("it waits", || service.held() == 1);
        ends_as_stopped(agency);
        server.end();
    }
}

/// Stops the client while a silent server holds its connection open.
pub fn a_client_of_a_silent_server_stops<Client: StoppableRuntime>() {
    for &dialect in crate::PLAIN {
        let codec = codec(dialect);
        let (listener, address) = listener();
        let file = File::invented(1, 3);
        let agency = start::<Client>(address, dialect, &file);
        let mut peer = Raw::over(listener.accept().expect("the agency connects").0);
        let finished = if codec.takes_turns() { Vec::new() } else { codec.finished(1) };
        let sent = [codec.batch(1, &file.lines()), finished].concat();
        assert!(peer.receive(sent.len()) == sent, "{dialect}: its bets");
        agency.stop();
        assert_eq!(peer.receive_all(), b"", "{dialect}: a clean end");
        ends_as_stopped(agency);
    }
}

/// Stops the client while it waits for the time of its next query.
pub fn a_client_between_queries_stops<Client: StoppableRuntime>() {
    for &dialect in crate::PLAIN {
        let codec = codec(dialect);
        let (listener, address) = listener();
        let mut job = job(address, dialect);
        job.poll_initial = Duration::from_secs(3600);
        let agency = RunningClient::stoppable::<Client>(LotteryClient::new(job, File::invented(1, 0).bets()));
        let mut peer = Raw::over(listener.accept().expect("the agency connects").0);
        assert!(peer.receive(codec.finished(1).len()) == codec.finished(1), "{dialect}: its end");
        peer.send(&codec.receipt(1));
        if codec.has_one_answer() {
            assert_eq!(peer.receive_all(), b"", "{dialect}: it asks elsewhere");
            peer = Raw::over(listener.accept().expect("the agency connects").0);
        }
        // In a dialect without pauses it waits for the reply to Finished.
        if codec.query(1) != codec.finished(1) {
            assert!(peer.receive(codec.query(1).len()) == codec.query(1), "{dialect}: its question");
            peer.send(&codec.pending(1));
        }
        if codec.has_one_answer() {
            assert_eq!(peer.receive_all(), b"", "{dialect}: it asks elsewhere");
            thread::sleep(Duration::from_millis(20));
            assert!(!agency.has_ended(), "{dialect}: it waits");
        }
        agency.stop();
        assert_eq!(peer.receive_all(), b"", "{dialect}: a clean end");
        drop(peer);
        ends_as_stopped(agency);
    }
}

/// Client that waits, without a connection, until it is stopped.
#[derive(Debug, Default)]
struct Patient {
    asked: Arc<AtomicUsize>,
    stopped: bool,
}

impl Endpoint for Patient {
    fn poll_io(&mut self) -> Option<Io<'_>> {
        None
    }

    fn handle(&mut self, _: Instant, input: Input) {
        self.stopped |= input == Input::Shutdown;
    }
}

impl Machine for Patient {
    type Notice = ();

    fn notice(&mut self, _: Instant, (): ()) {}
}

impl Dialer for Patient {
    fn next_step(&mut self, now: Instant) -> Step {
        self.asked.fetch_add(1, Ordering::Relaxed);
        if self.stopped { Step::Done } else { Step::Wait(now.after(Duration::from_secs(3600))) }
    }

    fn connected(&mut self, _: Instant) {}

    fn not_connected(&mut self, _: Instant, _: &std::io::Error) {}
}

pub fn a_client_without_a_connection_stops<Client: StoppableRuntime>() {
    let patient = Patient::default();
    let asked = Arc::clone(&patient.asked);
    let client = RunningClient::stoppable::<Client>(patient);
    until("it waits", || asked.load(Ordering::Relaxed) > 0);
    assert!(!client.has_ended());
    client.stop();
    assert!(client.join(END).stopped);
}
