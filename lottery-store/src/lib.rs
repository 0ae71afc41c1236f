#![doc = include_str!("../README.md")]

mod compare;
mod csv_file;
mod csv_row;
mod data_dir;
mod disk;
pub mod log;
mod permissions;
mod spares;
pub mod transfer;

pub use csv_file::CsvRepair;
pub use disk::{Disk, FileDisk};
pub use log::{BUFFERS, LogStore};
