//! `cargo xtask compose N`: a Compose file for N clients, written by `docker/generar-compose.sh`.

use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::Command;

use super::engine::output;
use super::{Error, root};

/// Arguments of `cargo xtask compose`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Number of clients, from 0 to 255
    #[arg(value_name = "N")]
    clients: u8,
    /// File to write
    #[arg(value_name = "FILE", default_value = "docker-compose-dev.yaml")]
    file: PathBuf,
}

/// Writes the file, and prints its path.
///
/// # Errors
///
/// [`Error`] if it cannot be written.
pub(crate) fn run(args: &Args) -> Result<(), Error> {
    let mut bash = Command::new("bash");
    bash.arg(root().join("docker/generar-compose.sh")).arg(&args.file).arg(args.clients.to_string());
    output(&mut bash)?;
    let report = format!("{}: a server and {} clients\n", args.file.display(), args.clients);
    io::stdout().write_all(report.as_bytes()).map_err(Error::Report)
}
