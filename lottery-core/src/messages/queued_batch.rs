//! Batch of a request.

use std::sync::Arc;

use crate::memory::queue_room::Room;
use crate::store::EncodedBatch;

/// Batch of a request, with the room that it takes on the commit queue until its connection has handled the
/// outcome.
#[derive(Debug)]
pub struct QueuedBatch {
    batch: Arc<EncodedBatch>,
    /// Boxed, as requests are moved often.
    _room: Option<Box<Room>>,
}

impl QueuedBatch {
    /// Creates a batch in this room, which grows to the size of the batch; `None`: it takes no room.
    pub fn new(batch: EncodedBatch, mut room: Option<Room>) -> Self {
        if let Some(room) = &mut room {
            room.fit(batch.size());
        }
        Self { batch: Arc::new(batch), _room: room.map(Box::new) }
    }

    /// Returns the batch.
    pub fn batch(&self) -> &Arc<EncodedBatch> {
        &self.batch
    }
}
