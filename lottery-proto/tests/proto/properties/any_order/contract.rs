//! Promises to a driver, whatever was called before (`lottery_proto::Endpoint`).

use lottery_proto::{Endpoint, Input, Io};

/// Number of bytes at the front of `send` that are compared.
const COMPARED: usize = 500;

/// Record of what a machine has shown to its driver, and was told.
#[derive(Debug)]
pub(super) struct Contract {
    /// First bytes to be sent, and the number of all; `None` once the machine has given up sending.
    shown: Option<(Vec<u8>, usize)>,
    /// True once the peer has ended its side.
    ended: bool,
    /// True once the socket has failed, or was to be dropped.
    over: bool,
}

impl Contract {
    pub(super) fn new() -> Self {
        Self { shown: Some((vec![], 0)), ended: false, over: false }
    }

    /// Records an input that was reported.
    pub(super) fn told(&mut self, input: Input) {
        match (input, &mut self.shown) {
            (Input::Eof, _) => self.ended = true,
            (Input::Failed(_), _) => self.over = true,
            (Input::Sent(sent), Some((front, len))) => {
                front.drain(..sent.min(front.len()));
                *len -= sent.min(*len);
            }
            _ => {}
        }
    }

    /// Checks what the machine wants, after each call.
    pub(super) fn check(&mut self, machine: &mut impl Endpoint) {
        let Some(Io { recv, send, fin, .. }) = machine.poll_io() else {
            self.over = true;
            return;
        };
        assert!(!self.over, "it wants nothing any more");
        assert!(!fin || send.is_empty(), "an end before what is to be sent");
        assert!(!self.ended || recv.is_empty(), "nothing can come any more");
        self.shown = match self.shown.take() {
            Some((front, len)) if send.len() >= len => {
                assert!(send.starts_with(&front), "other bytes are in their place");
                Some((send[..send.len().min(COMPARED)].to_vec(), send.len()))
            }
            _ => {
                assert!(send.is_empty(), "bytes have vanished");
                None
            }
        };
    }
}
