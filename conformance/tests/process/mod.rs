//! Shared helpers of the tests of the real programs: starting and supervising them, and talking to them.

#![allow(dead_code, reason = "not every test needs everything")]

pub(crate) mod faults;
pub(crate) mod files;
pub(crate) mod fuse;
pub(crate) mod power;
pub(crate) mod wire;

#[allow(unused_imports, reason = "not every test needs everything")]
pub(crate) use lottery_testkit::process::{
    Process, SOON, client, command, free_address, given_up, server, server_at, server_program,
};

/// Makes a test for each runtime of functions that take its name.
#[macro_export]
macro_rules! on_every_runtime {
    ($($name:ident),* $(,)?) => {
        mod on_tokio { $(#[test] fn $name() { super::$name("tokio"); })* }
        mod on_std { $(#[test] fn $name() { super::$name("std"); })* }
        mod on_smol { $(#[test] fn $name() { super::$name("smol"); })* }
    };
}
