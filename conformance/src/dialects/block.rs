//! `block`: packets in blocks of 8192 bytes (`docs/protocol.md#block`).

use lottery_testkit::Rng;

use super::Codec;

/// The dialect `block`.
#[derive(Debug)]
pub(super) struct Block;

/// Size of a block in bytes, to which every packet is padded.
pub const BLOCK: usize = 8192;

/// Returns a packet without padding, as sessions carry it. An agency that does not fit into its byte is 0 there.
pub fn packet(kind: u8, agency: u32, payload: &[u8]) -> Vec<u8> {
    let size = u16::try_from(4 + payload.len()).expect("a packet fits a block");
    let [low, high] = size.to_le_bytes();
    let agency = u8::try_from(agency).unwrap_or(0);
    [&[kind, agency, low, high], payload].concat()
}

/// Returns the packet in a block, without its padding.
pub fn without_padding(block: &[u8]) -> &[u8] {
    &block[..usize::from(u16::from_le_bytes([block[2], block[3]]))]
}

/// Returns a block with that packet in it.
pub fn block(kind: u8, agency: u32, payload: &[u8]) -> Vec<u8> {
    let mut block = packet(kind, agency, payload);
    assert!(block.len() <= BLOCK, "a packet fits a block");
    block.resize(BLOCK, 0);
    block
}

impl Codec for Block {
    fn batch(&self, agency: u32, lines: &[[&str; 5]]) -> Vec<u8> {
        let bet = |fields: &[&str; 5]| packet(1, agency, fields.join("|").as_bytes());
        let count = u8::try_from(lines.len()).expect("at most 255 bets");
        let bets: Vec<u8> = lines.iter().flat_map(bet).collect();
        block(3, agency, &[&[count], &bets[..]].concat())
    }

    fn finished(&self, agency: u32) -> Vec<u8> {
        block(4, agency, b"")
    }

    fn query(&self, agency: u32) -> Vec<u8> {
        block(6, agency, b"1")
    }

    fn receipt(&self, agency: u32) -> Vec<u8> {
        block(5, agency, b"1")
    }

    fn rejection(&self, agency: u32, _: &str) -> Vec<u8> {
        block(5, agency, b"0")
    }

    fn pending(&self, agency: u32) -> Vec<u8> {
        block(6, agency, b"0")
    }

    fn winners(&self, agency: u32, documents: &[String]) -> Vec<u8> {
        block(6, agency, format!("1{}", documents.join("|")).as_bytes())
    }

    fn failure(&self, _: &str) -> Vec<u8> {
        Vec::new()
    }

    fn text_of(&self, failure: &[u8]) -> Option<String> {
        failure.is_empty().then(String::new)
    }

    fn garbage(&self) -> Vec<u8> {
        let mut rng = Rng::new(3);
        let mut garbage: Vec<u8> = (0..3 * BLOCK).map(|_| rng.next_u64().to_le_bytes()[0]).collect();
        // The first byte chooses this dialect; its type is one that no client sends.
        garbage[0] = 2;
        garbage
    }

    fn answer_len(&self, _: &[u8]) -> Option<usize> {
        Some(BLOCK)
    }

    fn agency_of(&self, message: &[u8]) -> Option<u32> {
        Some(message[1].into())
    }

    fn is_pending(&self, answer: &[u8]) -> bool {
        answer[0] == 6 && answer[2..5] == [5, 0, b'0']
    }
}
