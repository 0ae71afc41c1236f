//! Shared helpers of the tests of the real programs: starting and supervising them, and talking to them.

pub(crate) mod agency_files;
pub(crate) mod faults;
pub(crate) mod flag;
pub(crate) mod fuse;
pub(crate) mod peer;
pub(crate) mod power;

pub(crate) use lottery_testkit::process::{
    Process, SOON, client, command, free_address, given_up, server, server_at, server_program,
    without_coverage,
};

/// Returns the number of kills that `KILLS` says, or the test's own.
pub(crate) fn number_of_kills(default: usize) -> usize {
    std::env::var("KILLS").map_or(default, |text| text.parse().expect("a number of kills"))
}

/// Returns the share of a count that `NIGHTLY_PERCENT` says, as `.ci/run` sets it, and at least 1.
pub(crate) fn scaled(count: usize) -> usize {
    let percent = std::env::var("NIGHTLY_PERCENT");
    let percent: usize = percent.map_or(100, |text| text.parse().expect("a number of percent"));
    (count * percent / 100).max(1)
}
