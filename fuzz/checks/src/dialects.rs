//! The messages of one textual wire, in both directions.

use lottery_proto::{Dialect, ServerConfig};

use crate::feed::Feed;
use crate::oracles::{answered, serve, served};

/// The messages of `fixed`.
pub fn fixed(data: &[u8]) {
    run(Dialect::Fixed, data);
}

/// The messages of `framed`.
pub fn framed(data: &[u8]) {
    run(Dialect::Framed, data);
}

/// The messages of `braces`.
pub fn braces(data: &[u8]) {
    run(Dialect::Braces, data);
}

/// The messages of `echo`.
pub fn echo(data: &[u8]) {
    run(Dialect::Echo, data);
}

/// `data` is what an agency sends, behind a 0, or what a centre answers to a question, behind its number from 1 on.
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
