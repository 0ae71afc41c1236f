//! Tests of the store: acknowledged groups survive every failure.

mod bets_csv;
mod bets_csv_behind;
mod bets_csv_start;
mod common;
mod crash;
mod damage;
mod faults;
mod files;
mod full_disk;
mod long_start;
mod planted;
mod recorded;
mod replay;
mod second_reader;
mod snapshots;
mod verify;
