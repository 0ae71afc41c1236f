//! Feeds the committer from the commit queue.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use super::Committer;
use super::plan::Plan;
use crate::commit_queue::{Command, CommitQueue, Request};
use crate::store::{Store, StoreError};

/// At most about so many bytes of requests are committed as one group.
pub const MAX_GROUP: usize = 4 * 1024 * 1024;

/// While there is no room, requests are looked at so often, to be refused.
const TICK: Duration = Duration::from_millis(50);

/// Commits what comes to the commit queue until it is closed and empty.
///
/// # Errors
/// The store failed, or panicked. The commit queue is closed, and all who had asked are told; after a panic not those of the
/// last group.
pub fn run<S: Store>(committer: &mut Committer<S>, commit_queue: &CommitQueue) -> Result<(), StoreError> {
    let mut rested = Duration::ZERO;
    loop {
        let requests = if let Some(pause) = committer.no_room() {
            commit_queue.rest(TICK);
            rested += TICK;
            if rested >= pause {
                // Also if nobody asks anything: those who wait for a draw that there was no room for do not.
                rested = Duration::ZERO;
                committer.try_again();
            }
            commit_queue.try_take(MAX_GROUP)
        } else {
            // The store may want to be tended.
            commit_queue.take_within(MAX_GROUP, committer.pause())
        };
        let Some(requests) = requests else { return Ok(()) };
        if !requests.is_empty() || committer.no_room().is_none() {
            step(committer, commit_queue, requests)?;
        }
    }
}

/// Commits requests that were taken from the commit queue: what [`run`] does over and over.
///
/// # Errors
/// As [`run`].
pub fn step<S: Store>(
    committer: &mut Committer<S>,
    commit_queue: &CommitQueue,
    requests: Vec<Request>,
) -> Result<(), StoreError> {
    let committed = catch_unwind(AssertUnwindSafe(|| committer.commit(requests))).unwrap_or_else(|_| {
        // Nobody knows what is stored.
        Err(StoreError::Failed { place: "the store".to_owned(), cause: "the committer panicked".to_owned() })
    });
    if let Err(failure) = &committed {
        commit_queue.close();
        while let Some(requests) = commit_queue.take(MAX_GROUP) {
            let stored = Err(failure.clone());
            for request in requests {
                let plan = match request.command {
                    // Whoever waits is told by the end of its connection.
                    Command::Winners { wait: true, .. }
                    | Command::Piece { .. }
                    | Command::AnonymousWaiter(_)
                    | Command::Ended(_)
                    | Command::Gone(_) => continue,
                    Command::Hello(_) | Command::Winners { .. } => Plan::ReadOnly,
                    Command::Bet(..) | Command::Batch(..) | Command::Finished(_) => Plan::Store { total: 0 },
                };
                committer.answer(request, plan, &stored);
            }
        }
    }
    committed
}
