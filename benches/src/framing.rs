//! Framing of a session's packets (`docs/protocol.md#sessions`), for servers and agencies that look at nothing but
//! headers.

use std::io::{self, Read};
use std::iter;

use lottery_proto::block::{BLOCK_SIZE, HEADER_SIZE};
use lottery_testkit::{ERROR, HELLO};

/// Number and bytes of packets that are one behind the other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Whole {
    /// Number of packets.
    pub packets: usize,
    /// Number of their bytes, padding included.
    pub bytes: usize,
}

/// Returns the number and bytes of the whole packets at the front of `bytes`.
///
/// # Panics
/// If a header says a size that no packet has.
pub fn whole(bytes: &[u8]) -> Whole {
    let add = |sum: Whole, packet: &[u8]| Whole { packets: sum.packets + 1, bytes: sum.bytes + packet.len() };
    packets(bytes).fold(Whole::default(), add)
}

/// Iterates the whole packets at the front of `bytes`, each with its padding.
///
/// # Panics
/// If a header says a size that no packet has.
pub fn packets(mut bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    iter::from_fn(move || {
        let header = bytes.first_chunk()?;
        let (packet, rest) = bytes.split_at_checked(size(*header))?;
        bytes = rest;
        Some(packet)
    })
}

/// Reads a packet into `buffer`, and returns it with its padding.
///
/// # Errors
/// Returns the error of the reader, also if it ends before the packet does.
///
/// # Panics
/// If the header says a size that no packet has.
pub fn read<'a>(reader: &mut impl Read, buffer: &'a mut [u8; BLOCK_SIZE]) -> io::Result<&'a [u8]> {
    reader.read_exact(&mut buffer[..HEADER_SIZE])?;
    let rest = behind_header(buffer);
    reader.read_exact(rest)?;
    let size = HEADER_SIZE + rest.len();
    Ok(&buffer[..size])
}

/// Returns the place of a packet's bytes behind its header, which is at the front of `buffer`.
///
/// # Panics
/// If the header says a size that no packet has.
pub fn behind_header(buffer: &mut [u8; BLOCK_SIZE]) -> &mut [u8] {
    let size = size([buffer[0], buffer[1], buffer[2], buffer[3]]);
    &mut buffer[HEADER_SIZE..size]
}

/// Returns the bytes of the packet that has this header, padding included.
fn size([kind, _, low, high]: [u8; HEADER_SIZE]) -> usize {
    let size = match kind {
        HELLO | ERROR => BLOCK_SIZE,
        _ => u16::from_le_bytes([low, high]).into(),
    };
    assert!((HEADER_SIZE..=BLOCK_SIZE).contains(&size), "a packet's size");
    size
}

#[cfg(test)]
mod tests {
    use lottery_testkit::{BATCH_ACK, FINISHED, block, hello, packet, session_packets};

    use super::*;

    /// Packets of every size that there is: without a payload, with the longest, and padded ones.
    fn all() -> Vec<u8> {
        let longest = [7; BLOCK_SIZE - HEADER_SIZE];
        [
            hello(1),
            packet(FINISHED, 1, b""),
            packet(BATCH_ACK, 1, &longest),
            packet(BATCH_ACK, 1, b"1|167"),
            block(ERROR, 0, b"draining|later"),
            packet(FINISHED, 1, b""),
        ]
        .concat()
    }

    #[test]
    fn packets_are_those_that_were_written_by_hand() {
        let all = all();
        assert_eq!(packets(&all).collect::<Vec<_>>(), session_packets(&all));
        let (mut reader, mut buffer) = (&all[..], [0; BLOCK_SIZE]);
        for expected in session_packets(&all) {
            assert_eq!(read(&mut reader, &mut buffer).expect("a packet"), expected);
        }
        assert_eq!(read(&mut reader, &mut buffer).unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
    }

    #[test]
    fn only_whole_packets_count() {
        let all = all();
        let mut expected = Whole::default();
        for packet in session_packets(&all) {
            for missing in 1..=packet.len() {
                let end = expected.bytes + packet.len() - missing;
                assert_eq!(whole(&all[..end]), expected, "{end} bytes");
            }
            expected = Whole { packets: expected.packets + 1, bytes: expected.bytes + packet.len() };
        }
        assert_eq!(whole(&all), expected);
        assert_eq!(expected, Whole { packets: 6, bytes: all.len() });
    }

    #[test]
    #[should_panic(expected = "a packet's size")]
    fn a_size_below_the_header_s_own_is_no_packet() {
        whole(&[BATCH_ACK, 1, 3, 0]);
    }
}
