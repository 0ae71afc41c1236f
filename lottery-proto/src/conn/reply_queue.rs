//! Queue of the replies that are owed.

use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::fmt;

use super::{Instant, SendBuffer};
use crate::close_reason::CloseReason;
use crate::wire::{
    AfterReply, Answer, Code, Failure, Kind, ListError, ListSize, Listing, Part, PendingReply, ServerCodec,
    TooLarge,
};

/// Queue of the requests that were taken, in their order, each with its reply once there is one.
#[derive(Debug, Default)]
pub(crate) struct ReplyQueue {
    /// Number of the request at the front.
    base: u64,
    queue: VecDeque<Slot>,
    /// True once the replies that were owed were given up.
    given_up: bool,
}

enum Slot {
    /// Request without a reply, and the time at which it was taken.
    PendingReply(PendingReply, Instant),
    /// Request that is being answered with a list, and the part that is sent.
    Listing(PendingReply, Listing),
    /// Reply that waits for an earlier one, and the reason for which the connection ends with it, if it does.
    Ready(Vec<u8>, Option<CloseReason>),
}

impl fmt::Debug for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PendingReply(owed, _) => owed.fmt(f),
            Self::Listing(owed, listing) => write!(f, "{owed:?}: {listing:?}"),
            Self::Ready(bytes, end) => write!(f, "Ready({}, {end:?})", bytes.len()),
        }
    }
}

impl ReplyQueue {
    /// Appends a request that was taken at `now`, and returns the number of its slot.
    pub(crate) fn push(&mut self, owed: PendingReply, now: Instant) -> u64 {
        self.queue.push_back(Slot::PendingReply(owed, now));
        self.base + self.queue.len() as u64 - 1
    }

    /// Returns the kind of the unanswered request with that number.
    pub(crate) fn owed(&self, number: u64) -> Option<Kind> {
        let index = usize::try_from(number.checked_sub(self.base)?).ok()?;
        match self.queue.get(index)? {
            Slot::PendingReply(owed, _) => Some(owed.kind),
            Slot::Listing(..) | Slot::Ready(..) => None,
        }
    }

    /// Returns the number of the first unanswered request of that kind.
    pub(crate) fn first_owed(&self, kind: Kind) -> Option<u64> {
        let index = self
            .queue
            .iter()
            .position(|slot| matches!(slot, Slot::PendingReply(owed, _) if owed.kind == kind))?;
        Some(self.base + index as u64)
    }

    /// Turns the unanswered request with that number into a batch, if it is a single bet.
    pub(crate) fn take_for_batch(&mut self, number: u64) {
        if let Some(Slot::PendingReply(owed, _)) = self.slot(number)
            && owed.kind == Kind::Bet
        {
            *owed = PendingReply::new(Kind::Batch, owed.agency);
        }
    }

    /// Returns the time at which the oldest request without a reply was taken. A query that waits for the draw does not
    /// count, and neither does a request whose list has begun.
    pub(crate) fn unanswered_since(&self) -> Option<Instant> {
        self.queue.iter().find_map(|slot| match slot {
            Slot::PendingReply(owed, since) if owed.kind != Kind::AwaitWinners => Some(*since),
            _ => None,
        })
    }

    /// Answers request `number`. Replies that may leave are appended to `output`; the result is the reason for which
    /// the connection ends with them, if it does.
    ///
    /// A number that was answered before is ignored.
    ///
    /// # Errors
    /// [`TooLarge`] if the dialect cannot carry the reply; nothing is queued.
    pub(crate) fn answer(
        &mut self,
        number: u64,
        answer: &Answer<'_>,
        codec: &dyn ServerCodec,
        output: &mut SendBuffer,
    ) -> Result<Option<CloseReason>, TooLarge> {
        match answer {
            Answer::List(size) if size.documents > 0 => {
                let Some(slot) = self.slot(number) else { return Ok(None) };
                let Slot::PendingReply(owed, _) = slot else { return Ok(None) };
                codec.carries(owed, size)?;
                *slot = Slot::Listing(owed.clone(), Listing::new(*size));
                Ok(None)
            }
            Answer::Rejected { failure, .. } | Answer::Failed(failure) => {
                self.complete(number, reason_of(*failure), output, |owed, out| put(codec, owed, answer, out))
            }
            _ => self.complete(number, CloseReason::Done, output, |owed, out| put(codec, owed, answer, out)),
        }
    }

    /// Answers request `number` with a whole list of winners, like [`ReplyQueue::answer`].
    pub(crate) fn answer_list<'a>(
        &mut self,
        number: u64,
        documents: impl Iterator<Item = &'a str> + Clone,
        codec: &dyn ServerCodec,
        output: &mut SendBuffer,
    ) -> Result<Option<CloseReason>, TooLarge> {
        self.complete(number, CloseReason::Done, output, |owed, out| put_list(codec, owed, documents, out))
    }

    /// Answers request `number` with what `put` writes, like [`ReplyQueue::answer`]. If the connection ends with this
    /// reply, it does for that reason.
    fn complete(
        &mut self,
        number: u64,
        reason: CloseReason,
        output: &mut SendBuffer,
        put: impl FnOnce(&PendingReply, &mut Vec<u8>) -> Result<AfterReply, TooLarge>,
    ) -> Result<Option<CloseReason>, TooLarge> {
        let is_first = number == self.base;
        let Some(slot) = self.slot(number) else { return Ok(None) };
        let Slot::PendingReply(owed, _) = slot else { return Ok(None) };
        let end = |then| (then == AfterReply::Close).then_some(reason);
        if is_first {
            let end = end(put(owed, output.buffer())?);
            self.pop();
            return Ok(end.or_else(|| self.release(output)));
        }
        let mut bytes = Vec::new();
        let end = end(put(owed, &mut bytes)?);
        *slot = Slot::Ready(bytes, end);
        Ok(None)
    }

    /// Returns the slot of request `number`, if its reply has not left.
    fn slot(&mut self, number: u64) -> Option<&mut Slot> {
        let index = usize::try_from(number.checked_sub(self.base)?).ok()?;
        self.queue.get_mut(index)
    }

    /// True if the request at the front is being answered with a list.
    pub(crate) fn is_listing(&self) -> bool {
        matches!(self.queue.front(), Some(Slot::Listing(..)))
    }

    /// Appends the next documents of the list that is being sent. The last of them completes the reply, and the result
    /// is like that of [`ReplyQueue::answer`].
    pub(crate) fn put_winners<'a>(
        &mut self,
        mut documents: impl Iterator<Item = &'a str> + Clone,
        codec: &dyn ServerCodec,
        output: &mut SendBuffer,
    ) -> Result<Option<CloseReason>, ListError> {
        let Some(Slot::Listing(owed, listing)) = self.queue.front_mut() else {
            return Err(ListError::NoList);
        };
        let next = ListSize::of(documents.clone());
        let part = listing.part(&next)?;
        if next.documents == 0 {
            return Ok(None);
        }
        let then = codec.put_winners(owed, part, &mut documents, output.buffer());
        listing.taken(&next);
        if !part.last {
            return Ok(None);
        }
        self.pop();
        let end = (then == AfterReply::Close).then_some(CloseReason::Done);
        Ok(end.or_else(|| self.release(output)))
    }

    /// Moves the replies that no longer wait for an earlier one to `output`.
    fn release(&mut self, output: &mut SendBuffer) -> Option<CloseReason> {
        while let Some(Slot::Ready(bytes, end)) = self.queue.front_mut() {
            output.buffer().append(bytes);
            let end = *end;
            self.pop();
            if end.is_some() {
                return end;
            }
        }
        None
    }

    fn pop(&mut self) {
        self.queue.pop_front();
        self.base += 1;
    }

    /// Answers the request at the front with the failure of the connection, and forgets all others. A list of which a
    /// part was given stays as it is: no dialect has a failure within one.
    pub(crate) fn give_up(&mut self, failure: Failure<'_>, codec: &dyn ServerCodec, output: &mut SendBuffer) {
        let owed = match self.queue.front() {
            Some(Slot::PendingReply(owed, _)) => Some(owed),
            Some(Slot::Listing(owed, listing)) if !listing.is_begun() => Some(owed),
            _ => None,
        };
        if let Some(owed) = owed {
            let put = put(codec, owed, &Answer::Failed(failure), output.buffer());
            debug_assert!(put.is_ok(), "every dialect can carry a failure");
        }
        self.clear();
        self.given_up = true;
    }

    /// True once [`ReplyQueue::give_up`] was called.
    pub(crate) const fn is_given_up(&self) -> bool {
        self.given_up
    }

    /// Forgets the unanswered requests. Their tickets are ignored from now on.
    pub(crate) fn clear(&mut self) {
        self.base += self.queue.len() as u64;
        self.queue.clear();
    }

    /// Returns the number of requests whose replies have not left.
    pub(crate) fn len(&self) -> usize {
        self.queue.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// Gives back the memory that is not in use.
    pub(crate) fn shrink(&mut self) {
        self.queue.shrink_to_fit();
    }

    /// Returns the memory held, in bytes.
    pub(crate) fn memory(&self) -> usize {
        let ready = |slot: &Slot| match slot {
            Slot::PendingReply(owed, _) | Slot::Listing(owed, _) => owed.echo.len(),
            Slot::Ready(bytes, _) => bytes.capacity(),
        };
        self.queue.capacity() * size_of::<Slot>() + self.queue.iter().map(ready).sum::<usize>()
    }
}

/// Appends a reply. Nothing follows the failure of a connection.
fn put(
    codec: &dyn ServerCodec,
    owed: &PendingReply,
    answer: &Answer<'_>,
    out: &mut Vec<u8>,
) -> Result<AfterReply, TooLarge> {
    match answer {
        Answer::Failed(failure) => codec.fail(owed, *failure, out).map(|_| AfterReply::Close),
        // An empty list; one with documents is sent in parts.
        Answer::List(_) => put_list(codec, owed, [].into_iter(), out),
        answer => codec.answer(owed, answer, out),
    }
}

/// Appends a whole list of winners.
fn put_list<'a>(
    codec: &dyn ServerCodec,
    owed: &PendingReply,
    mut documents: impl Iterator<Item = &'a str> + Clone,
    out: &mut Vec<u8>,
) -> Result<AfterReply, TooLarge> {
    let size = ListSize::of(documents.clone());
    codec.carries(owed, &size)?;
    Ok(codec.put_winners(owed, Part::whole(size), &mut documents, out))
}

/// Returns the reason for the end of a connection whose last reply is that failure.
fn reason_of(failure: Failure<'_>) -> CloseReason {
    if failure.code == Code::Superseded { CloseReason::Superseded } else { CloseReason::Rejected }
}
