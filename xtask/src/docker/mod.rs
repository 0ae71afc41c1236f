//! `cargo xtask images`, `compose` and `docker-test`: the software in containers.

mod compose;
mod engine;
mod error;
mod images;
mod test;

pub(crate) use compose::{Args as ComposeArgs, run as compose};
pub(crate) use error::Error;
pub(crate) use images::{Args as ImagesArgs, run as images};
pub(crate) use test::{Args as TestArgs, run as test};

use crate::root::root;

/// Name of the image that holds the programs of every runtime.
const IMAGE: &str = "lottery:latest";
