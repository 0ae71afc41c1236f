//! Loop that feeds the committer from the commit queue.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use super::Committer;
use super::plan::Plan;
use crate::commit_queue::CommitQueue;
#[cfg(doc)]
use crate::messages::Notice;
use crate::messages::{Command, Request};
use crate::store::{Store, StoreError};

/// Maximum size of a group, in bytes of requests, about.
pub const MAX_GROUP: usize = 4 * 1024 * 1024;

/// Interval at which requests are taken to be rejected, while the store has no room.
const TICK: Duration = Duration::from_millis(50);

/// Commits the requests of the commit queue until it is closed and empty.
///
/// # Errors
/// Fails if the store failed or panicked. The commit queue is closed, and all requests have got a reply; after
/// a panic those of the last group are lost, and their connections are told so ([`Notice::Lost`]).
pub fn run<S: Store>(committer: &mut Committer<S>, commit_queue: &CommitQueue) -> Result<(), StoreError> {
    let mut rested = Duration::ZERO;
    loop {
        let requests = if let Some(pause) = committer.no_room() {
            commit_queue.rest(TICK);
            rested += TICK;
            if rested >= pause {
                // Retries also without requests: clients that wait for a draw that lacked room send none.
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

/// Commits requests that were taken from the commit queue: one turn of [`run`].
///
/// # Errors
/// Fails as [`run`] does.
pub fn step<S: Store>(
    committer: &mut Committer<S>,
    commit_queue: &CommitQueue,
    requests: Vec<Request>,
) -> Result<(), StoreError> {
    let committed = catch_unwind(AssertUnwindSafe(|| committer.commit(requests))).unwrap_or_else(|_| {
        // The state of the store is unknown.
        Err(StoreError::Failed { place: "the store".to_owned(), cause: "the committer panicked".to_owned() })
    });
    if let Err(failure) = &committed {
        commit_queue.close();
        while let Some(requests) = commit_queue.take(MAX_GROUP) {
            let stored = Err(failure.clone());
            for request in requests {
                let plan = match request.command {
                    // The end of its connection tells the client.
                    Command::Winners { wait: true, .. }
                    | Command::Piece { .. }
                    | Command::Ended(_)
                    | Command::Gone(_) => continue,
                    Command::Hello(..) | Command::Winners { .. } => Plan::ReadOnly,
                    Command::Store(..) => Plan::Store { total: 0 },
                };
                committer.answer(request, plan, &stored);
            }
        }
    }
    committed
}
