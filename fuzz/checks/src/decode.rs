//! Packets of `block` and of sessions: against a slow decoder, and through both machines.

use lottery_proto::{Dialect, ServerConfig, block};
use lottery_testkit::invariants::{answered, serve, served};
use lottery_testkit::reference::{self, Outcome};
use lottery_testkit::{BLOCK, hello, text};

use crate::feed::padded;

/// Decodes a packet; `data` is the packet, which is padded to a block.
pub fn run(data: &[u8]) {
    let packet_alone = &data[..data.len().min(BLOCK)];
    let block = padded(data);
    let outcome = decoded(&block);
    assert_eq!(outcome, reference::decode(&block), "{}", data.escape_ascii());
    let alone = decoded(packet_alone);
    assert!(alone == outcome || alone == Err(0), "without its padding it is the same, or is not whole");

    // As the only packet, and as a packet of a session.
    let dialects = vec![Dialect::BLOCK, Dialect::SESSION];
    let config = ServerConfig::builder(255).dialects(dialects).build().unwrap();
    let taken = serve(Dialect::BLOCK, &config, &block);
    assert_eq!(taken, usize::from(outcome.is_ok() && block[1] > 0), "{}", data.escape_ascii());
    let hello = hello(block[1].into());
    serve(Dialect::SESSION, &config, &[&hello[..], packet_alone].concat());
    served(&[&hello, packet_alone, packet_alone], true);
    // As a reply to one request: the bytes choose the request, so a similar packet covers the others.
    let request = data.iter().copied().fold(0, u8::wrapping_add) % 8;
    let dialect = if request < 4 { Dialect::BLOCK } else { Dialect::SESSION };
    let reply = if request < 4 { &block } else { packet_alone };
    answered(dialect, (request % 4).into(), &[reply]);
}

fn decoded(block: &[u8]) -> Outcome {
    let mut bets = Vec::new();
    match block::decode_batch(block, |bet| bets.push(text(&bet))) {
        Ok(()) => Ok(bets),
        Err(error) if error.is_about_a_bet() => Err(error.bet.expect("it says which bet")),
        Err(_) => Err(0),
    }
}
