//! One direction of a connection, in memory.

use std::collections::VecDeque;

/// Bytes on their way, in order and up to a capacity, and the end behind them.
#[derive(Debug)]
pub struct Pipe {
    bytes: VecDeque<u8>,
    capacity: usize,
    ended: bool,
    end_read: bool,
    reset: bool,
}

impl Pipe {
    /// Returns an empty pipe that holds so many bytes.
    pub fn new(capacity: usize) -> Self {
        Self { bytes: VecDeque::new(), capacity, ended: false, end_read: false, reset: false }
    }

    /// Returns the number of bytes that there is room for.
    pub fn room(&self) -> usize {
        self.capacity - self.bytes.len()
    }

    /// Returns the number of bytes that can be read.
    pub fn readable(&self) -> usize {
        self.bytes.len()
    }

    /// Adds bytes.
    ///
    /// # Panics
    ///
    /// There is no room for them.
    pub fn write(&mut self, bytes: &[u8]) {
        assert!(bytes.len() <= self.room(), "{} bytes, room for {}", bytes.len(), self.room());
        self.bytes.extend(bytes);
    }

    /// Ends the direction behind the bytes in it. Returns true if it was not ended before.
    pub fn end(&mut self) -> bool {
        !std::mem::replace(&mut self.ended, true)
    }

    /// Ends the direction at once: the bytes in it are lost. Returns true if it was not ended before.
    pub fn reset(&mut self) -> bool {
        let ends = self.end();
        if ends {
            self.reset = true;
            self.bytes.clear();
        }
        ends
    }

    /// Returns true if the end is a reset.
    pub fn is_reset(&self) -> bool {
        self.reset
    }

    /// Reads as many bytes as fit, and returns their number.
    pub fn read(&mut self, out: &mut [u8]) -> usize {
        let n = out.len().min(self.bytes.len());
        for (to, from) in out.iter_mut().zip(self.bytes.drain(..n)) {
            *to = from;
        }
        n
    }

    /// Returns true once, when the end is reached.
    pub fn read_end(&mut self) -> bool {
        self.ended && self.bytes.is_empty() && !std::mem::replace(&mut self.end_read, true)
    }

    /// Drops the bytes in it: nobody reads them any more.
    pub fn clear(&mut self) {
        self.bytes.clear();
    }
}
