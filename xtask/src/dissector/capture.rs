//! Captures of conversations, as files of the form pcap with packets that begin with IP (`LINKTYPE_RAW`).

use std::ops::Range;

use lottery_testkit::Rng;

use super::conversation::Conversation;

/// Port of the server in every capture.
pub(super) const PORT: u16 = 12345;
const LINKTYPE_RAW: u32 = 101;
/// Maximum number of bytes in a packet.
const MOST: usize = 16_000;
const FIN: u8 = 1;
const SYN: u8 = 2;
const PUSH: u8 = 8;
const ACK: u8 = 16;

/// Way in which the bytes of a message are cut into packets.
#[derive(Clone, Debug)]
pub(super) enum Cut {
    /// As they were sent.
    Whole,
    /// Into packets as Ethernet carries them.
    Segments,
    /// One by one. Of a long message the middle is one packet, as it is padding or like the rest.
    Bytes,
    /// Anywhere, also between messages.
    Random(Rng),
}

impl Cut {
    /// Returns the packets of so many bytes.
    fn pieces(&mut self, len: usize) -> Vec<Range<usize>> {
        let mut pieces = Vec::new();
        let mut at = 0;
        while at < len {
            let most = (len - at).min(MOST);
            let size = match self {
                Self::Whole => most,
                Self::Segments => most.min(1460),
                Self::Bytes if at >= 300 && len - at > 60 => most.min(len - at - 60),
                Self::Bytes => 1,
                Self::Random(rng) => {
                    let longest = *rng.pick(&[3, 40, 400, 4000, 16_000]);
                    most.min(1 + rng.index(longest))
                }
            };
            pieces.push(at..at + size);
            at += size;
        }
        pieces
    }
}

/// Capture that grows.
pub(super) struct Capture {
    bytes: Vec<u8>,
    /// For each packet the index of its conversation.
    pub(super) conversations: Vec<usize>,
    begun: usize,
    /// True if connections begin with their data: their SYN came before the capture.
    no_greeting: bool,
}

/// Sequence numbers of a connection: that of the client, that of the server.
struct Connection {
    client_port: u16,
    next: [u32; 2],
}

impl Capture {
    /// Returns a capture without packets.
    pub(super) fn new() -> Self {
        let mut bytes = 0xA1B2_C3D4_u32.to_le_bytes().to_vec();
        for half in [2_u16, 4] {
            bytes.extend(half.to_le_bytes());
        }
        for word in [0, 0, 0x4_0000, LINKTYPE_RAW] {
            bytes.extend(word.to_le_bytes());
        }
        Self { bytes, conversations: Vec::new(), begun: 0, no_greeting: false }
    }

    /// Returns a capture without packets, whose connections had begun before it.
    pub(super) fn without_greeting() -> Self {
        Self { no_greeting: true, ..Self::new() }
    }

    /// Appends a connection. Neighboring steps of a side are cut as one where the cut is random.
    pub(super) fn push(&mut self, conversation: &Conversation, cut: &mut Cut) {
        let client_port = 20_000 + u16::try_from(self.begun % 40_000).unwrap_or_default();
        let mut connection = Connection { client_port, next: [1000, 5_000_000] };
        if !self.no_greeting {
            self.packet(&mut connection, true, SYN, &[]);
            self.packet(&mut connection, false, SYN | ACK, &[]);
            self.packet(&mut connection, true, ACK, &[]);
        }
        let mut steps: Vec<(bool, Vec<u8>)> = Vec::new();
        for step in &conversation.steps {
            match steps.last_mut() {
                Some((from_client, bytes))
                    if matches!(cut, Cut::Random(_)) && *from_client == step.from_client =>
                {
                    bytes.extend(&step.bytes);
                }
                _ => steps.push((step.from_client, step.bytes.clone())),
            }
        }
        let last = steps.iter().rposition(|(from_client, _)| *from_client);
        for (index, (from_client, bytes)) in steps.iter().enumerate() {
            for piece in cut.pieces(bytes.len()) {
                let ends = conversation.fin_at_once && Some(index) == last && piece.end == bytes.len();
                let flags = ACK | PUSH | if ends { FIN } else { 0 };
                self.packet(&mut connection, *from_client, flags, bytes.get(piece).unwrap_or_default());
            }
        }
        if !conversation.fin_at_once {
            self.packet(&mut connection, true, FIN | ACK, &[]);
        }
        self.packet(&mut connection, false, FIN | ACK, &[]);
        self.packet(&mut connection, true, ACK, &[]);
        self.begun += 1;
    }

    /// Returns the bytes of the file.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    fn packet(&mut self, connection: &mut Connection, from_client: bool, flags: u8, data: &[u8]) {
        let [client, server] = connection.next;
        let (client_ip, server_ip) = ([10, 0, 0, 1], [10, 0, 0, 2]);
        let (from, to, source, target, sequence, acknowledged) = if from_client {
            (client_ip, server_ip, connection.client_port, PORT, client, server)
        } else {
            (server_ip, client_ip, PORT, connection.client_port, server, client)
        };
        let mut tcp = Vec::with_capacity(20 + data.len());
        tcp.extend(source.to_be_bytes());
        tcp.extend(target.to_be_bytes());
        tcp.extend(sequence.to_be_bytes());
        tcp.extend(if flags & ACK == 0 { 0 } else { acknowledged }.to_be_bytes());
        tcp.extend([5 << 4, flags, 0xFF, 0xFF, 0, 0, 0, 0]);
        tcp.extend(data);
        let len = u16::try_from(tcp.len()).unwrap_or(u16::MAX);
        let pseudo = [&from[..], &to, &[0, 6], &len.to_be_bytes(), &tcp].concat();
        tcp.splice(16..18, checksum(&pseudo).to_be_bytes());
        let mut ip = vec![0x45, 0];
        ip.extend((20 + len).to_be_bytes());
        ip.extend([0, 0, 0x40, 0, 64, 6, 0, 0]);
        ip.extend(from);
        ip.extend(to);
        let sum = checksum(&ip);
        ip.splice(10..12, sum.to_be_bytes());
        let number = u32::try_from(self.conversations.len()).unwrap_or(u32::MAX);
        let size = u32::from(len) + 20;
        for word in [1_700_000_000 + number / 10_000, number % 10_000 * 100, size, size] {
            self.bytes.extend(word.to_le_bytes());
        }
        self.bytes.extend(ip);
        self.bytes.extend(tcp);
        self.conversations.push(self.begun);
        let taken = u32::try_from(data.len()).unwrap_or(u32::MAX) + u32::from(flags & (SYN | FIN) != 0);
        let [client, server] = &mut connection.next;
        let next = if from_client { client } else { server };
        *next = next.wrapping_add(taken);
    }
}

/// Returns the checksum of the internet protocols (RFC 1071).
fn checksum(bytes: &[u8]) -> u16 {
    let word = |pair: &[u8]| u32::from(pair[0]) << 8 | u32::from(pair.get(1).copied().unwrap_or_default());
    let mut sum: u32 = bytes.chunks(2).map(word).sum();
    while sum > 0xFFFF {
        sum = (sum & 0xFFFF) + (sum >> 16);
    }
    !u16::try_from(sum).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checksum_is_that_of_a_known_header() {
        let header = [
            0x45, 0x00, 0x00, 0x73, 0x00, 0x00, 0x40, 0x00, 0x40, 0x11, 0x00, 0x00, 0xC0, 0xA8, 0x00, 0x01,
            0xC0, 0xA8, 0x00, 0xC7,
        ];
        assert_eq!(checksum(&header), 0xB861);
    }

    #[test]
    fn a_cut_leaves_no_byte_out() {
        for mut cut in [Cut::Whole, Cut::Segments, Cut::Bytes, Cut::Random(Rng::new(7))] {
            for len in [0, 1, 2, 700, 901, 8192, 40_000] {
                let pieces = cut.pieces(len);
                let mut at = 0;
                for piece in &pieces {
                    assert!(piece.start == at && piece.end > at && piece.len() <= MOST, "{cut:?} {len}");
                    at = piece.end;
                }
                assert_eq!(at, len, "{cut:?}");
            }
        }
    }

    #[test]
    fn a_capture_names_the_conversation_of_each_packet() {
        let mut conversation = Conversation::new("x", None);
        conversation.push(true, b"hola\n".to_vec());
        let mut capture = Capture::new();
        capture.push(&conversation, &mut Cut::Bytes);
        capture.push(&conversation, &mut Cut::Whole);
        assert_eq!(capture.conversations, [vec![0; 11], vec![1; 7]].concat());
        assert_eq!(capture.bytes().len(), 24 + 18 * (16 + 40) + 10);
    }
}
