//! The store: what is acknowledged is there afterwards, whatever fails.

mod behind;
mod crash;
mod damage;
mod faults;
mod files;
mod full_disk;
mod snapshots;
mod support;
