//! Segment: a file of the log, and its head (`docs/log-format.md#segment`).

use super::frame::{BLOCK, LotteryId};

/// Length of a head in bytes: the first frame begins there.
pub(super) const HEAD: usize = BLOCK;
const MAGIC: &[u8; 8] = b"lotlog\r\n";
/// Version of the format.
const FORMAT: u32 = 1;
/// Bytes that the fields take.
const FIELDS: usize = 48;
const DIGITS: usize = 8;
const EXTENSION: &str = ".log";

/// Returns the name of a segment's file.
pub(super) fn name(number: u64) -> String {
    format!("{number:0DIGITS$}{EXTENSION}")
}

/// Returns the number of the segment whose file has that name.
pub(super) fn number(file: &str) -> Option<u64> {
    let digits = file.strip_suffix(EXTENSION)?;
    let number = digits.parse().ok()?;
    (number > 0 && name(number) == file).then_some(number)
}

/// Head of a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) id: LotteryId,
    /// Number of the segment, from 1.
    pub(super) segment: u64,
    /// Number of the group in its first frame.
    pub(super) first_group: u64,
}

impl Head {
    /// Returns the bytes of the head.
    pub(super) fn encode(&self) -> [u8; HEAD] {
        let mut head = [0; HEAD];
        let fields = [
            &FORMAT.to_le_bytes()[..],
            &self.id,
            &self.segment.to_le_bytes(),
            &self.first_group.to_le_bytes(),
        ]
        .concat();
        head[..8].copy_from_slice(MAGIC);
        head[12..FIELDS].copy_from_slice(&fields);
        let crc = crc32c::crc32c(&head[12..]);
        head[8..12].copy_from_slice(&crc.to_le_bytes());
        head
    }

    /// Reads a head.
    ///
    /// # Errors
    ///
    /// The difference to what was expected.
    pub(super) fn read(head: &[u8; HEAD]) -> Result<Self, String> {
        if head[..8] != MAGIC[..] {
            return Err("offset 0: not a segment of a lottery's log".to_owned());
        }
        if head[8..12] != crc32c::crc32c(&head[12..]).to_le_bytes() {
            return Err("offset 8: damaged: the checksum of the head is wrong".to_owned());
        }
        let number = |at: usize| u64::from_le_bytes(std::array::from_fn(|nth| head[at + nth]));
        let format = u32::from_le_bytes(std::array::from_fn(|nth| head[12 + nth]));
        if format != FORMAT {
            return Err(format!("offset 12: format version {format}, expected {FORMAT}"));
        }
        let id = std::array::from_fn(|nth| head[16 + nth]);
        Ok(Self { id, segment: number(32), first_group: number(40) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_of_segments_are_numbers_with_leading_zeros() {
        assert_eq!(name(7), "00000007.log");
        assert_eq!(name(123_456_789), "123456789.log");
        for nth in [1, 99_999_999, 100_000_000, u64::MAX] {
            assert_eq!(number(&name(nth)), Some(nth));
        }
        for other in
            ["00000000.log", "7.log", "000000007.log", "+0000007.log", "00000001.log.part", ".log", ""]
        {
            assert_eq!(number(other), None, "{other}");
        }
    }

    #[test]
    fn a_head_is_as_documented() {
        let head = Head { id: *b"0123456789abcdef", segment: 3, first_group: 0x0102 };
        let bytes = head.encode();
        let crc = crc32c::crc32c(&bytes[12..]).to_le_bytes();
        let fields = [
            &b"lotlog\r\n"[..],
            &crc,
            &[1, 0, 0, 0],
            b"0123456789abcdef",
            &[3, 0, 0, 0, 0, 0, 0, 0],
            &[2, 1, 0, 0, 0, 0, 0, 0],
        ]
        .concat();
        assert_eq!(bytes[..48], fields);
        assert!(bytes[48..].iter().all(|byte| *byte == 0));
        assert_eq!(Head::read(&bytes), Ok(head));
    }

    #[test]
    fn a_head_of_another_format_is_rejected() {
        let mut head = Head { id: [7; 16], segment: 1, first_group: 1 }.encode();
        head[12] = 2;
        let crc = crc32c::crc32c(&head[12..]).to_le_bytes();
        head[8..12].copy_from_slice(&crc);
        assert_eq!(Head::read(&head), Err("offset 12: format version 2, expected 1".to_owned()));
        assert_eq!(Head::read(&[0; HEAD]).unwrap_err(), "offset 0: not a segment of a lottery's log");
    }

    proptest! {
        #[test]
        fn a_head_with_a_flipped_bit_is_rejected(
            id in any::<[u8; 16]>(), segment in 1_u64.., first_group in 1_u64.., at in 0..HEAD, bit in 0..8
        ) {
            let head = Head { id, segment, first_group };
            let mut bytes = head.encode();
            prop_assert_eq!(Head::read(&bytes), Ok(head));
            bytes[at] ^= 1_u8 << bit;
            prop_assert!(Head::read(&bytes).is_err());
        }
    }
}
