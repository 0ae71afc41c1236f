//! Parser of a fuzzer's bytes.

use lottery_testkit::BLOCK;

/// Bytes that are not taken yet. At their end there are none, and nothing is invented.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Feed<'a>(pub(crate) &'a [u8]);

/// Length byte of a piece of zeros, up to the end of the block.
pub(crate) const PAD: u8 = 255;

impl<'a> Feed<'a> {
    pub(crate) fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    /// Takes `len` bytes, or all that are left.
    pub(crate) fn bytes(&mut self, len: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(len.min(self.0.len()));
        self.0 = rest;
        taken
    }

    /// Takes all that is left as pieces of a stream, each behind a byte that is its length or [`PAD`].
    pub(crate) fn pieces(mut self) -> Vec<Vec<u8>> {
        let (mut pieces, mut size) = (Vec::new(), 0);
        while let Some(len) = self.byte() {
            let piece = if len == PAD { vec![0; padding(size)] } else { self.bytes(len.into()).to_vec() };
            size += piece.len();
            pieces.push(piece);
        }
        pieces
    }
}

/// Returns the number of bytes from `size` to the end of the block.
pub(crate) fn padding(size: usize) -> usize {
    size.next_multiple_of(BLOCK) - size
}

/// Pads a packet to a block.
pub(crate) fn padded(packet: &[u8]) -> Vec<u8> {
    let mut block = packet[..packet.len().min(BLOCK)].to_vec();
    block.resize(BLOCK, 0);
    block
}
