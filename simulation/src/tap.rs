//! Tap on a connection: reads the packets that both sides send, with its own decoder.

use std::collections::VecDeque;

const BLOCK: usize = 8192;
const HELLO: u8 = 7;
const ERROR: u8 = 9;

/// Assembler of packets.
#[derive(Debug)]
pub(crate) struct Packets {
    session: bool,
    bytes: Vec<u8>,
}

impl Packets {
    /// Creates an assembler of packets in blocks, or of those of a session.
    pub(crate) fn new(session: bool) -> Self {
        Self { session, bytes: Vec::new() }
    }

    /// Takes bytes, and passes on each packet that they complete, with its padding.
    pub(crate) fn feed(&mut self, bytes: &[u8], mut pass: impl FnMut(&[u8])) {
        self.bytes.extend_from_slice(bytes);
        let mut start = 0;
        while let Some(packet) = self.first(start) {
            pass(packet);
            start += packet.len();
        }
        self.bytes.drain(..start);
    }

    /// Returns the whole packet that begins there, if it has come.
    fn first(&self, start: usize) -> Option<&[u8]> {
        let rest = &self.bytes[start..];
        let [kind, _, low, high] = *rest.first_chunk()?;
        let is_padded = !self.session || [HELLO, ERROR].contains(&kind);
        rest.get(..if is_padded { BLOCK } else { usize::from(u16::from_le_bytes([low, high])) })
    }
}

/// Returns the payload of a packet.
pub(crate) fn payload(packet: &[u8]) -> &[u8] {
    let size = usize::from(u16::from_le_bytes([packet[2], packet[3]]));
    packet.get(4..size).unwrap_or_default()
}

/// Message of the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ServerMessage {
    /// Welcome of a session.
    Welcome { stored: usize, finished: bool, digest: u32 },
    /// Acknowledgement with the number of stored bets; `None` without a session, where all are.
    Stored(Option<usize>),
    /// Acknowledgement of Finished.
    Finished(Option<usize>),
    /// Rejection, with its reason.
    Rejected(String),
    /// Winners.
    Winners(Vec<String>),
    /// Pending: no draw yet.
    Pending,
    /// Error that ends the session, with its code.
    Error(String),
    /// Message that answers no request, or that cannot be read.
    Unexpected(String),
}

/// Tap on both directions.
#[derive(Debug)]
pub(crate) struct Tap {
    session: bool,
    up: Packets,
    down: Packets,
    /// Types of the packets that are to be answered.
    asked: VecDeque<u8>,
    winners: Vec<String>,
    /// Number of batches that the client has sent.
    pub(crate) batches: u64,
}

impl Tap {
    pub(crate) fn new(session: bool) -> Self {
        let (up, down) = (Packets::new(session), Packets::new(session));
        Self { session, up, down, asked: VecDeque::new(), winners: Vec::new(), batches: 0 }
    }

    /// Takes bytes that the client sends.
    pub(crate) fn client_sent(&mut self, bytes: &[u8]) {
        let Self { up, asked, session, batches, .. } = self;
        up.feed(bytes, |packet| {
            let kind = packet[0];
            *batches += u64::from(kind == 3);
            if kind != 3 || *session {
                asked.push_back(kind);
            }
        });
    }

    /// Takes bytes that the server sends, and returns the messages in them.
    pub(crate) fn server_sent(&mut self, bytes: &[u8]) -> Vec<ServerMessage> {
        let mut messages = Vec::new();
        let Self { down, asked, winners, .. } = self;
        down.feed(bytes, |packet| {
            let text = String::from_utf8_lossy(payload(packet)).into_owned();
            messages.extend(read(packet[0], &text, asked, winners));
        });
        messages
    }
}

fn read(kind: u8, text: &str, asked: &mut VecDeque<u8>, winners: &mut Vec<String>) -> Option<ServerMessage> {
    let unexpected = || ServerMessage::Unexpected(format!("packet type {kind}: {text}"));
    if kind == 9 {
        return Some(ServerMessage::Error(text.split('|').next().unwrap_or_default().to_owned()));
    }
    let parts: Vec<&str> = text.split('|').collect();
    Some(match (kind, asked.front().copied()) {
        (8, Some(7)) => {
            asked.pop_front();
            match parts.as_slice() {
                ["3", stored, finished @ ("0" | "1"), _, _, digest] => {
                    match (stored.parse(), u32::from_str_radix(digest, 16)) {
                        (Ok(stored), Ok(digest)) => {
                            ServerMessage::Welcome { stored, finished: *finished == "1", digest }
                        }
                        _ => unexpected(),
                    }
                }
                _ => unexpected(),
            }
        }
        (5, Some(what @ (3 | 4))) => {
            asked.pop_front();
            let total = parts.get(1).and_then(|total| total.parse().ok());
            match (parts[0], what) {
                ("1", 3) => ServerMessage::Stored(total),
                ("1", _) => ServerMessage::Finished(total),
                ("0", _) => ServerMessage::Rejected(parts.get(2..).unwrap_or_default().join("|")),
                _ => unexpected(),
            }
        }
        (6, Some(6)) if text == "0" => {
            asked.pop_front();
            ServerMessage::Pending
        }
        (6, Some(6)) if text.starts_with(['1', '2']) => {
            winners.extend(text[1..].split('|').filter(|one| !one.is_empty()).map(str::to_owned));
            if text.starts_with('2') {
                return None;
            }
            asked.pop_front();
            ServerMessage::Winners(std::mem::take(winners))
        }
        _ => unexpected(),
    })
}
