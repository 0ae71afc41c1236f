//! Checks that a fuzzer runs: for each target a function that takes any bytes, and panics if an invariant is
//! broken.
//!
//! A target's program calls its function directly, not through [`TARGETS`]: so it holds no code of the other
//! targets, which a fuzzer would look through after each input.
//!
//! `cargo test` runs every target over its seeds and over the inputs that once failed; a fuzzer, over all
//! others.

pub mod agency_file;
pub mod client;
pub mod config;
pub mod custom;
pub mod decode;
pub mod detect;
pub mod dialects;
mod driver;
mod feed;
pub mod log;
pub mod pieces;
pub mod restore;
pub mod roundtrip;
mod seeds;
pub mod server;
pub mod store_recover;
#[cfg(test)]
mod tests;

use std::env;
use std::path::PathBuf;

use lottery_proto::Dialect;

/// Returns this crate's directory in the checkout that cargo runs it in, which need not be the one that it
/// was built in.
///
/// # Panics
/// If it is not run by cargo.
pub fn crate_dir() -> PathBuf {
    env::var_os("CARGO_MANIFEST_DIR").expect("cargo says where the crate is").into()
}

/// Fuzz target: its name, its check, and its seeds.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// Name, as `cargo fuzz run` takes it.
    pub name: &'static str,
    /// Check, which takes any bytes, and panics if an invariant is broken.
    pub run: fn(&[u8]),
    /// Maximum length of an input, in bytes, where longer ones show nothing more.
    pub longest: usize,
    /// Seeds, the same each time.
    pub seeds: fn() -> Vec<Vec<u8>>,
}

/// All targets.
pub const TARGETS: &[Target] = &[
    target("decode", 8192, decode::run, seeds::decode),
    target("fixed", 4096, dialects::fixed, || seeds::dialect(Dialect::FIXED)),
    target("framed", 4096, dialects::framed, || seeds::dialect(Dialect::FRAMED)),
    target("braces", 4096, dialects::braces, || seeds::dialect(Dialect::BRACES)),
    target("echo", 4096, dialects::echo, || seeds::dialect(Dialect::ECHO)),
    target("one_message", 4096, dialects::one_message, seeds::one_message),
    target("custom", 4096, custom::run, custom::seeds),
    target("detect", 64, detect::run, seeds::detect),
    target("roundtrip", 4096, roundtrip::run, seeds::roundtrip),
    target("server", 4096, server::run, seeds::server),
    target("client", 4096, client::run, seeds::client),
    target("pieces", 4096, pieces::run, seeds::pieces),
    target("agency_file", 4096, agency_file::run, seeds::agency_file),
    target("config", 4096, config::run, seeds::config),
    target("store_recover", 4096, store_recover::run, seeds::store_recover),
    target("restore", 4096, restore::run, seeds::restore),
    target("log", 64, log::run, seeds::log),
];

const fn target(name: &'static str, longest: usize, run: fn(&[u8]), seeds: fn() -> Vec<Vec<u8>>) -> Target {
    Target { name, run, longest, seeds }
}
