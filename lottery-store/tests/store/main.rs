//! Tests of the store: acknowledged groups survive every failure.

mod behind;
mod crash;
mod damage;
mod faults;
mod files;
mod full_disk;
mod snapshots;
