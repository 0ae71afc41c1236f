//! Messages of one dialect, in both directions.

use lottery_proto::{Dialect, ServerConfig};
use lottery_testkit::invariants::{answered, serve, served};

use crate::feed::Feed;

/// Runs messages of `fixed`.
pub fn fixed(data: &[u8]) {
    run(Dialect::FIXED, data);
}

/// Runs messages of `framed`.
pub fn framed(data: &[u8]) {
    run(Dialect::FRAMED, data);
}

/// Runs messages of `braces`.
pub fn braces(data: &[u8]) {
    run(Dialect::BRACES, data);
}

/// Runs messages of `echo`.
pub fn echo(data: &[u8]) {
    run(Dialect::ECHO, data);
}

/// Dialects in which a connection carries one message.
pub const ONE_MESSAGE: [Dialect; 4] = [Dialect::SHORT, Dialect::COLUMNS, Dialect::LINE, Dialect::BARE];

/// Runs messages of one of [`ONE_MESSAGE`]. `data` is a byte that chooses it, then as for the others.
pub fn one_message(data: &[u8]) {
    let mut feed = Feed(data);
    let Some(first) = feed.byte() else { return };
    run(ONE_MESSAGE[usize::from(first) % ONE_MESSAGE.len()], feed.0);
}

/// Returns the dialect of a client that the lower five bits of a byte choose, those with earlier servers among them. It
/// stays the same however many there are.
pub(crate) fn client_dialect(byte: u8) -> Dialect {
    let mut dialects = Dialect::ALL.iter().chain(Dialect::EARLIER);
    *dialects.nth(usize::from(byte % 32)).unwrap_or(&Dialect::BLOCK)
}

/// Returns the byte that chooses this dialect of a client.
pub(crate) fn chooses(dialect: Dialect) -> u8 {
    (0..32).find(|byte| client_dialect(*byte) == dialect).expect("there are fewer dialects")
}

/// Runs messages. `data` is a byte modulo 5, then bytes: a client's for 0, a server's reply to that request
/// for 1 to 4.
fn run(dialect: Dialect, data: &[u8]) {
    let mut feed = Feed(data);
    let Some(request) = feed.byte() else { return };
    let bytes = feed.0;
    if let Some(request) = usize::from(request % 5).checked_sub(1) {
        answered(dialect, request, &[bytes]);
    } else {
        let config = ServerConfig::builder(5).dialects(vec![dialect]).max_in_flight(4).build().unwrap();
        serve(dialect, &config, bytes);
        served(&[bytes], true);
    }
}
