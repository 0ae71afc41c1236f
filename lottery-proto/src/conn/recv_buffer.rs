//! Receive buffer: small while idle, growing to a fixed limit while bytes keep coming.

use alloc::vec;
use alloc::vec::Vec;
use core::fmt;
use core::ops::Range;

/// Size of an idle connection's buffer, in bytes.
pub(crate) const IDLE_SIZE: usize = 64;
/// First size that the buffer grows to, in bytes: enough for a block.
pub(crate) const FIRST_STEP: usize = 8192;

/// Receive buffer that holds bytes until they are taken.
pub(crate) struct RecvBuffer {
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    /// Size that it grows to as long as reads fill it, in bytes.
    busy: usize,
    /// Size that it grows to for a longer message, in bytes.
    limit: usize,
    /// True if the last read filled most of the buffer: more bytes are probably waiting.
    full: bool,
}

impl RecvBuffer {
    /// Returns an idle buffer. It grows to `busy` bytes as long as reads fill it, and to `limit` for a message that
    /// needs it.
    pub(crate) fn new(busy: usize, limit: usize) -> Self {
        let limit = limit.max(FIRST_STEP);
        let busy = busy.clamp(FIRST_STEP, limit);
        Self { buffer: vec![0; IDLE_SIZE], start: 0, end: 0, busy, limit, full: false }
    }

    /// Returns the room to read into, after growing if [`RecvBuffer::growth`] says so. The first `waiting` bytes held
    /// are whole messages.
    pub(crate) fn recv(&mut self, waiting: usize) -> &mut [u8] {
        if let Some((size, _)) = self.growth(waiting) {
            self.grow(size);
        }
        self.room()
    }

    /// Returns the size to grow to before the next read, and true if there is no room to read otherwise; `None` if the
    /// buffer stays as it is.
    pub(crate) fn growth(&self, waiting: usize) -> Option<(usize, bool)> {
        let needed = self.end - self.start == self.buffer.len();
        let most = if needed { self.most(waiting) } else { self.busy };
        let grows = (self.full || needed) && self.buffer.len() < most;
        grows.then(|| (self.buffer.len().saturating_mul(4).clamp(FIRST_STEP, most), needed))
    }

    /// Grows the buffer to `size` bytes.
    pub(crate) fn grow(&mut self, size: usize) {
        self.buffer.reserve_exact(size.saturating_sub(self.buffer.len()));
        self.buffer.resize(size.max(self.buffer.len()), 0);
        self.full = false;
    }

    /// Returns the room to read into.
    pub(crate) fn room(&mut self) -> &mut [u8] {
        if self.end == self.buffer.len() && self.start > 0 {
            // The bytes held are the beginning of one message, so no byte is moved twice.
            let held = self.end - self.start;
            self.buffer.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, held);
        }
        self.buffer.get_mut(self.end..).unwrap_or_default()
    }

    /// Records that `received` bytes were read.
    pub(crate) fn filled(&mut self, received: usize) {
        let room = self.buffer.len() - self.end;
        self.end += received.min(room);
        self.full = received >= room && room >= self.buffer.len() / 2;
    }

    /// Returns the bytes that were received and not yet taken.
    pub(crate) fn bytes(&self) -> &[u8] {
        self.buffer.get(self.start..self.end).unwrap_or_default()
    }

    /// Returns `len` of these bytes, behind the first `waiting`, to be changed in place.
    pub(crate) fn bytes_mut(&mut self, waiting: usize, len: usize) -> &mut [u8] {
        let start = self.start + waiting;
        let end = (start + len).min(self.end);
        self.buffer.get_mut(start..end).unwrap_or_default()
    }

    /// Takes the first `len` bytes. They stay in place while they are borrowed.
    pub(crate) fn take(&mut self, len: usize) -> &[u8] {
        let taken = self.take_place(len);
        self.at(taken)
    }

    /// Takes the first `len` bytes, and returns their place, where they stay until the buffer is read into.
    pub(crate) fn take_place(&mut self, len: usize) -> Range<usize> {
        let start = self.start;
        self.start = (start + len).min(self.end);
        let taken = start..self.start;
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
        }
        taken
    }

    /// Returns the bytes at a place that was taken.
    pub(crate) fn at(&self, place: Range<usize>) -> &[u8] {
        self.buffer.get(place).unwrap_or_default()
    }

    /// Drops all but the first `len` bytes.
    pub(crate) fn truncate(&mut self, len: usize) {
        self.end = self.end.min(self.start + len);
        self.take(0);
    }

    /// Gives back the memory that an idle connection does not need.
    pub(crate) fn shrink(&mut self) {
        if self.start == self.end && self.buffer.len() > IDLE_SIZE {
            self.buffer = vec![0; IDLE_SIZE];
            self.full = false;
        }
    }

    /// True if more bytes can be received. The first `waiting` bytes held are whole messages.
    pub(crate) fn has_room(&self, waiting: usize) -> bool {
        self.end - self.start < self.most(waiting)
    }

    /// Returns the length of the longest message that the buffer can hold, in bytes.
    pub(crate) fn limit(&self) -> usize {
        self.limit
    }

    /// True if more bytes are probably waiting, because the last read filled most of the buffer.
    pub(crate) fn is_full(&self) -> bool {
        self.full
    }

    /// True if there is memory to give back.
    pub(crate) fn is_grown(&self) -> bool {
        self.buffer.len() > IDLE_SIZE
    }

    /// Returns the maximum size, in bytes: the buffer grows to its limit only for a message that stands alone.
    fn most(&self, waiting: usize) -> usize {
        if waiting == 0 { self.limit } else { self.busy }
    }

    /// Returns the memory held, in bytes.
    pub(crate) fn memory(&self) -> usize {
        self.buffer.capacity()
    }
}

/// Shows the lengths only: the bytes are personal data.
impl fmt::Debug for RecvBuffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RecvBuffer({} of {})", self.end - self.start, self.buffer.len())
    }
}

#[cfg(test)]
#[allow(clippy::cast_possible_truncation)]
mod tests {
    use super::*;

    fn receive(inbox: &mut RecvBuffer, bytes: &[u8]) {
        let mut rest = bytes;
        while !rest.is_empty() {
            let room = inbox.recv(0);
            let n = room.len().min(rest.len());
            assert!(n > 0, "below the limit there is room");
            room.get_mut(..n).expect("n is in range").copy_from_slice(rest.get(..n).expect("n is in range"));
            inbox.filled(n);
            rest = rest.get(n..).expect("n is in range");
        }
    }

    #[test]
    fn holds_a_message_of_the_limit_and_grows_no_further() {
        for limit in [8192, 10_000, 65_536] {
            let mut inbox = RecvBuffer::new(limit, limit);
            let bytes: Vec<u8> = (0..limit).map(|i| (i % 251) as u8).collect();
            for _ in 0..3 {
                receive(&mut inbox, &bytes);
                assert_eq!(inbox.bytes(), bytes);
                assert!(inbox.recv(0).is_empty());
                assert_eq!(inbox.memory(), limit);
                inbox.take(limit);
            }
            inbox.shrink();
            assert_eq!(inbox.memory(), IDLE_SIZE);
        }
    }

    #[test]
    fn grows_when_a_read_filled_most_of_it_and_not_before() {
        let mut inbox = RecvBuffer::new(8192, 8192);
        // Much room, of which little is filled.
        receive(&mut inbox, &[1; 40]);
        assert_eq!(inbox.recv(0).len(), IDLE_SIZE - 40);
        // Little room, all of it filled, after most of the bytes were taken.
        receive(&mut inbox, &[1; 12]);
        inbox.take(48);
        receive(&mut inbox, &[1; 12]);
        assert_eq!(inbox.recv(0).len(), IDLE_SIZE - 16);
        inbox.take(16);
        // Much room, all of it filled.
        receive(&mut inbox, &[1; IDLE_SIZE]);
        inbox.take(IDLE_SIZE);
        assert_eq!(inbox.recv(0).len(), FIRST_STEP);
    }

    #[test]
    fn what_is_taken_makes_room() {
        let mut inbox = RecvBuffer::new(8192, 8192);
        receive(&mut inbox, &[1; 8000]);
        inbox.take(4000);
        assert!(inbox.has_room(0));
    }

    #[test]
    fn keeps_the_bytes_in_order_whatever_is_taken() {
        let mut inbox = RecvBuffer::new(8192, 8192);
        let (mut sent, mut taken) = (0_u32, 0_u32);
        // Fewer rounds under Miri, which is about a thousand times slower.
        let rounds = if cfg!(miri) { 100 } else { 2000 };
        for round in 0_usize..rounds {
            let bytes: Vec<u8> = (0..round % 97)
                .map(|_| {
                    sent += 1;
                    sent as u8
                })
                .collect();
            receive(&mut inbox, &bytes);
            let take = inbox.bytes().len().min(round % 89 + usize::from(inbox.bytes().len() > 4000) * 4000);
            for &byte in inbox.bytes().iter().take(take) {
                taken += 1;
                assert_eq!(byte, taken as u8);
            }
            inbox.take(take);
        }
        assert!(taken > if cfg!(miri) { 1000 } else { 80_000 });
    }
}
