//! Tests of the real programs, which are started as processes: signals, files, limits of the system.
//!
//! Such a test measures and limits its processes, not itself, so many run at once. One that needs something of this process
//! for itself, such as its limits, runs in a process of its own (`conformance::running::alone`).

/// Makes a test for each runtime of functions that take its name.
macro_rules! on_every_runtime {
    ($($name:ident),* $(,)?) => {
        mod on_tokio { $(#[test] fn $name() { super::$name("tokio"); })* }
        mod on_std { $(#[test] fn $name() { super::$name("std"); })* }
        mod on_smol { $(#[test] fn $name() { super::$name("smol"); })* }
    };
}

mod agency_files;
mod anonymous_waiters;
mod asking;
mod backup;
mod bet;
mod bets_csv;
mod bets_csv_changed;
mod commands;
mod connecting;
mod delay;
mod dialects;
mod errors;
mod escapes;
mod fairness;
mod files_taken;
mod full_disk;
mod hostile;
mod json_lines;
mod kills;
mod limits;
mod local_sockets;
mod memory;
mod pauses;
mod power;
mod rules;
mod session_kills;
mod sessions;
mod shares;
mod signals;
mod stages;
mod store_commands;
mod store_faults;
mod streams;
mod support;
mod sync_fails;
mod thin_line;
mod variables;
mod whole_lotteries;
mod winners_file;
