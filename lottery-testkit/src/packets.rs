//! Messages written by hand, independent of the encoders.

/// Size of a block, in bytes (`docs/protocol.md#block`).
pub const BLOCK: usize = 8192;

/// Type of a Bet packet.
pub const BET: u8 = 1;
/// Type of a `BetAck` packet.
pub const BET_ACK: u8 = 2;
/// Type of a Batch packet.
pub const BATCH: u8 = 3;
/// Type of a Finished packet.
pub const FINISHED: u8 = 4;
/// Type of a `BatchAck` packet.
pub const BATCH_ACK: u8 = 5;
/// Type of a Winner packet: a query, or its reply.
pub const WINNER: u8 = 6;
/// Type of a Hello packet (`docs/protocol.md#sessions`).
pub const HELLO: u8 = 7;
/// Type of a Welcome packet (`docs/protocol.md#sessions`).
pub const WELCOME: u8 = 8;
/// Type of an Error packet (`docs/protocol.md#sessions`).
pub const ERROR: u8 = 9;

/// Returns a packet without padding, with the size that its payload needs (`docs/protocol.md#block`).
pub fn packet(kind: u8, agency: u8, payload: &[u8]) -> Vec<u8> {
    let [low, high] = u16::try_from(4 + payload.len()).expect("a short payload").to_le_bytes();
    let mut packet = vec![kind, agency, low, high];
    packet.extend(payload);
    packet
}

/// Returns a packet padded with zeros to a block (`docs/protocol.md#block`).
pub fn block(kind: u8, agency: u8, payload: &[u8]) -> Vec<u8> {
    let mut block = packet(kind, agency, payload);
    block.resize(BLOCK, 0);
    block
}

/// Returns a Batch packet of these bets, padded.
pub fn batch<B: AsRef<[u8]>>(agency: u8, bets: &[B]) -> Vec<u8> {
    block(BATCH, agency, &bets_of(agency, bets))
}

/// Returns a Batch packet of these bets as a session carries it: without padding.
pub fn session_batch<B: AsRef<[u8]>>(agency: u8, bets: &[B]) -> Vec<u8> {
    packet(BATCH, agency, &bets_of(agency, bets))
}

fn bets_of<B: AsRef<[u8]>>(agency: u8, bets: &[B]) -> Vec<u8> {
    let mut payload = vec![u8::try_from(bets.len()).expect("at most 255 bets")];
    payload.extend(bets.iter().flat_map(|bet| packet(BET, agency, bet.as_ref())));
    payload
}

/// Returns the block that opens a session of that agency, whose list has an unknown number of bets.
pub fn hello(agency: u32) -> Vec<u8> {
    block(HELLO, u8::try_from(agency).unwrap_or(0), format!("3|{agency}|").as_bytes())
}

/// Returns the Welcome of a session, with a window of so many batches.
pub fn welcome(agency: u32, stored: u64, finished: bool, window: u32, digest: u32) -> Vec<u8> {
    let finished = u8::from(finished);
    let text = format!("3|{stored}|{finished}|{window}|4194304|{digest:08x}");
    packet(WELCOME, u8::try_from(agency).unwrap_or(0), text.as_bytes())
}

/// Splits the bytes of a session into packets. Padding stays with its packet; one that is not whole is left out.
pub fn session_packets(mut bytes: &[u8]) -> Vec<&[u8]> {
    let mut packets = Vec::new();
    while let [kind, _, low, high, ..] = *bytes {
        let padded = [HELLO, ERROR].contains(&kind);
        let size = if padded { BLOCK } else { usize::from(u16::from_le_bytes([low, high])) };
        let Some((packet, rest)) = bytes.split_at_checked(size.max(4)) else { break };
        packets.push(packet);
        bytes = rest;
    }
    packets
}

/// Returns a packet of `short`, padded with zeros to 128 bytes (`docs/protocol.md#short`).
pub fn short(kind: u8, agency: u8, payload: &[u8]) -> Vec<u8> {
    let size = u8::try_from(3 + payload.len()).expect("a short payload");
    let mut block = [&[kind, agency, size][..], payload].concat();
    block.resize(128, 0);
    block
}

/// Returns a message of `framed`: its length in eight digits, then its body (`docs/protocol.md#framed`).
pub fn framed(body: impl AsRef<[u8]>) -> Vec<u8> {
    let body = body.as_ref();
    [format!("{:08}", body.len()).as_bytes(), body].concat()
}
