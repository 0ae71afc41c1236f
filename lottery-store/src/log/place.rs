//! Place in the log.

/// Place of a frame: the number of its segment, from 1, and its offset there, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) segment: u64,
    pub(super) offset: u64,
}

/// Bits of a packed place that hold the offset.
const OFFSET_BITS: u32 = 36;

impl Place {
    /// Returns the place as one number, never 0.
    pub(super) fn pack(self) -> u64 {
        self.segment << OFFSET_BITS | self.offset
    }

    /// Returns the place that was packed.
    pub(super) fn unpack(packed: u64) -> Self {
        Self { segment: packed >> OFFSET_BITS, offset: packed & ((1 << OFFSET_BITS) - 1) }
    }
}
