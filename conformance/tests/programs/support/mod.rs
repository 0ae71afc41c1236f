//! Shared helpers of the tests of the real programs: starting and supervising them, and talking to them.

pub(crate) mod agency_files;
pub(crate) mod faults;
pub(crate) mod flag;
pub(crate) mod fuse;
pub(crate) mod peer;
pub(crate) mod power;

pub(crate) use lottery_testkit::process::{
    Process, SOON, client, command, free_address, given_up, server, server_at, server_program,
};
