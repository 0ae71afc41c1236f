//! Packets of `block`, and a client that gets them.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use lottery_core::agency_file::AgencyFile;
use lottery_core::client::{ClientError, Job, LotteryClient};
use lottery_proto::{AgencyId, ClientConfig, Dialect, Endpoint, Input, Instant};
use lottery_runtime::{Dialer as _, Machine, Step};
use lottery_testkit::welcome;

/// Types of packets (`docs/protocol.md#block`).
pub(crate) const BATCH_ACK: u8 = 5;
pub(crate) const HELLO: u8 = 7;
pub(crate) const ERROR: u8 = 9;

/// Returns a packet of agency 1, padded to a block.
pub(crate) fn block(kind: u8, payload: &str) -> Vec<u8> {
    let mut block = packet(kind, payload);
    block.resize(8192, 0);
    block
}

/// Returns a packet of agency 1, as sessions carry it.
pub(crate) fn packet(kind: u8, payload: &str) -> Vec<u8> {
    lottery_testkit::packet(kind, 1, payload.as_bytes())
}

pub(crate) fn hear(machine: &mut impl Machine, mut bytes: &[u8]) {
    while !bytes.is_empty() {
        let io = machine.poll_io().expect("it is there");
        let len = io.recv.len().min(bytes.len());
        io.recv[..len].copy_from_slice(&bytes[..len]);
        machine.handle(Instant::default(), Input::Received(len));
        bytes = &bytes[len..];
    }
}

/// Returns an agency with bets on lines 1, 2 and 4 of its file, that has just been connected.
pub(crate) fn connected(id: u32, dialect: Dialect) -> LotteryClient {
    let now = Instant::default();
    let row = |nth| format!("Ana,Paz,2000000{nth},1980-01-01,7574\n");
    let file = [row(1), row(2), "\n".to_owned(), row(3)].concat();
    let job = Job {
        connection: ClientConfig::new(AgencyId::new(id).unwrap(), dialect).unwrap(),
        server: "server:1".to_owned(),
        batch_max: None,
        poll_initial: Duration::from_secs(1),
        poll_max: Duration::from_secs(1),
        connect_timeout: Duration::from_secs(5),
        retry_for: Duration::from_secs(10),
        seed: 1,
    };
    let mut agency =
        LotteryClient::new(job, Arc::new(AgencyFile::parse(Path::new("a.csv"), file.as_bytes()).unwrap()));
    assert!(matches!(agency.next_step(now), Step::Connect(target) if target.server == "server:1"));
    agency.connected(now);
    agency
}

/// Returns the error of an agency that has sent its bets, and gets this reply.
pub(crate) fn told(packet: &[u8]) -> ClientError {
    let now = Instant::default();
    let mut agency = connected(1, Dialect::SESSION);
    hear(&mut agency, &welcome(1, 0, false, 16, 0));
    while let Some(io) = agency.poll_io()
        && !io.send.is_empty()
    {
        let len = io.send.len();
        agency.handle(now, Input::Sent(len));
    }
    hear(&mut agency, packet);
    agency.into_outcome().unwrap_err()
}
