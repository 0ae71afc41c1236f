#![doc = include_str!("../README.md")]

mod compare;
mod csv_file;
mod data_dir;
mod directory;
mod disk;
mod embedded;
mod live;
mod opening;
mod permissions;
mod refresh;
mod tables;
pub mod transfer;
mod watched;

pub use csv_file::CsvRepair;
pub use disk::{Disk, FileDisk};
pub use embedded::RedbStore;
pub use opening::CACHE;
