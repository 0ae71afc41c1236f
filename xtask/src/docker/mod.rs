//! `cargo xtask images`, `compose` and `docker-test`: the software in containers.

mod compose;
mod engine;
mod error;
mod images;
mod test;

use std::path::{Path, PathBuf};

pub(crate) use compose::{Args as ComposeArgs, run as compose};
pub(crate) use error::Error;
pub(crate) use images::{Args as ImagesArgs, run as images};
pub(crate) use test::{Args as TestArgs, run as test};

/// The image that holds the programs of every runtime.
const IMAGE: &str = "lottery:latest";

/// The root of the workspace, wherever the command is run from.
fn root() -> PathBuf {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.parent().expect("this crate is a directory of the workspace").to_path_buf()
}
