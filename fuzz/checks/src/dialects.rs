//! Messages of one textual dialect, in both directions.

use lottery_proto::{Dialect, ServerConfig};
use lottery_testkit::invariants::{answered, serve, served};

use crate::feed::Feed;

/// Runs messages of `fixed`.
pub fn fixed(data: &[u8]) {
    run(Dialect::Fixed, data);
}

/// Runs messages of `framed`.
pub fn framed(data: &[u8]) {
    run(Dialect::Framed, data);
}

/// Runs messages of `braces`.
pub fn braces(data: &[u8]) {
    run(Dialect::Braces, data);
}

/// Runs messages of `echo`.
pub fn echo(data: &[u8]) {
    run(Dialect::Echo, data);
}

/// Runs messages. `data` is a byte modulo 5, then bytes: a client's for 0, a server's reply to that request
/// for 1 to 4.
fn run(wire: Dialect, data: &[u8]) {
    let mut feed = Feed(data);
    let Some(question) = feed.byte() else { return };
    let bytes = feed.0;
    if let Some(question) = usize::from(question % 5).checked_sub(1) {
        answered(wire, question, &[bytes]);
    } else {
        let config = ServerConfig { dialects: vec![wire], max_in_flight: 4, ..ServerConfig::default() };
        serve(wire, &config, bytes);
        served(&[bytes], true);
    }
}
