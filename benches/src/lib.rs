//! Cost of decoding and of the whole path, with alternatives to compare it with.
//!
//! The input is the agencies' files: those of `.data`, or of the directory that the environment variable
//! `BENCH_DATA` names.

pub mod answers;
pub mod encode;
pub mod framing;
pub mod group;
pub mod input;
pub mod load;
pub mod lottery;
pub mod machine;
pub mod meter;
pub mod options;
pub mod peers;
pub mod process;
pub mod producers;
pub mod read;
pub mod record;
pub mod serve;
pub mod textbook;
pub mod traffic;
pub mod work;
pub mod worker;

/// Returns the median of the values; the upper one of the two in the middle if their number is even.
///
/// # Panics
/// If there are no values.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
