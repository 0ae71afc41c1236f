//! Tests, one function each, for any runtime: by subject. The table of them is in [`conformance!`](crate::conformance).

#![allow(missing_docs, reason = "the name of a test is what it shows")]

pub mod anonymous_waiters;
pub mod bets_only;
pub mod broken_peers;
pub mod client_shutdown;
pub mod connecting;
mod contract;
pub mod deferred_replies;
pub mod echo;
pub mod failing_store;
pub mod health;
pub mod idle_connections;
pub mod limits;
pub mod local_sockets;
pub mod mixed_dialects;
pub mod old_servers;
pub mod one_message;
pub mod panics;
pub mod rejections;
pub mod server_shutdown;
pub mod sessions;
pub mod split_input;
pub mod timeouts;
pub mod tls;
pub mod transcripts;
pub mod whole_lotteries;

pub use contract::{client_contract, server_contract};
