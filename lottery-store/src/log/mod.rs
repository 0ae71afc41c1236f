//! The embedded store: a log of groups in `DATA_DIR/log/` (`docs/log-format.md`), followed by
//! `DATA_DIR/bets.csv`.
//!
//! | file | is |
//! | --- | --- |
//! | `frame`, `segment`, `place` | the format, to the byte |
//! | `directory`, `window` | the files: what can fail, and reading ahead |
//! | `writer`, `ahead` | one frame at a time, durable before the next; segments of zeros, made ahead |
//! | `recovery`, `state` | the end of the log, and the state there |
//! | `reader`, `rows` | frames from one place to another; the rows in them, for `bets.csv` |
//! | `verify` | check of all frames, and of `bets.csv` |
//! | `store`, `opening`, `snapshots` | the store; its directory; states for other threads |
//! | `follower`, `lag` | `bets.csv`; how late it is |

mod ahead;
mod broken;
mod directory;
mod follower;
mod frame;
mod lag;
mod opening;
mod place;
mod reader;
mod recovery;
mod rows;
mod segment;
mod snapshots;
mod state;
mod store;
#[cfg(test)]
mod tests;
mod verify;
mod window;
mod writer;

use lottery_core::committer::MAX_GROUP;

pub use ahead::Sizes;
pub use directory::{Directory, FileDirectory, Job};
pub use store::LogStore;
pub use verify::{Verified, verify, verify_log};

/// Memory in which a store reads groups back, in bytes, about: one for `bets.csv`, and one for the draw.
pub const BUFFERS: usize = 2 * (MAX_GROUP + window::AHEAD);
