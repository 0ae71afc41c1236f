//! What decoding and the whole path cost, and what there is to compare it with.
//!
//! The input is the agencies' files: those of `.data`, or of the directory that the environment variable
//! `BENCH_DATA` names.

pub mod input;
pub mod lottery;
pub mod textbook;
pub mod work;
