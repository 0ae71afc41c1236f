#![doc = include_str!("../README.md")]

mod compare;
mod csv_file;
mod csv_row;
mod data_dir;
mod directory;
mod disk;
mod fault_tracking;
mod live;
mod open;
mod permissions;
mod recovery;
mod redb_store;
mod tables;
pub mod transfer;

pub use csv_file::CsvRepair;
pub use disk::{Disk, FileDisk};
pub use open::CACHE;
pub use redb_store::RedbStore;
