//! Programs of the runtimes, and the commands that start them.

use std::env;
use std::ffi::OsStr;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, OnceLock};

use rustix::process::Signal;

/// Returns cargo's target directory: the one above the profile's directory, which holds this program, or the
/// directory `deps` in which this test is.
///
/// # Errors
/// If the path of this program is unknown.
pub fn target_dir() -> io::Result<PathBuf> {
    let profile = profile_dir()?;
    Ok(profile.parent().unwrap_or(&profile).to_path_buf())
}

/// Returns the directory of this program's profile: `target/debug` for `target/debug/deps/this`.
fn profile_dir() -> io::Result<PathBuf> {
    let program = env::current_exe()?;
    let above = program.ancestors().skip(1).find(|dir| !dir.ends_with("deps"));
    Ok(above.unwrap_or(&program).to_path_buf())
}

/// Returns the directory of the programs; the first call builds them.
fn programs() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        heed_signals();
        let dir = profile_dir().expect("this program has a path");
        let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        // Among the features of the whole workspace, as its tests are built: those of a few packages are others,
        // and everything would be built again.
        cargo.args(["build", "--quiet", "--workspace"]);
        for runtime in ["tokio", "std", "smol"] {
            cargo.args(["server", "client"].map(|role| format!("--bin=lottery-{role}-{runtime}")));
        }
        cargo.arg("--target-dir").arg(target_dir().expect("this program has a path"));
        match dir.file_name().and_then(OsStr::to_str) {
            Some("debug") | None => {}
            Some(profile) => _ = cargo.args(["--profile", profile]),
        }
        cargo.current_dir(env::var_os("CARGO_MANIFEST_DIR").expect("cargo says where the crate is"));
        let output = cargo.output().expect("cargo runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        dir
    })
}

/// Passes no ignored signal on to the programs: `nohup` and background jobs of a shell begin with some
/// ignored, and a program leaves those alone. A handler does not outlive `exec`.
fn heed_signals() {
    let ignored = super::usage::status(std::process::id(), "SigIgn").expect("this process has a status");
    let ignored = u64::from_str_radix(&ignored, 16).expect("a number");
    for signal in [Signal::HUP, Signal::INT].map(Signal::as_raw) {
        if ignored & 1 << (signal - 1) != 0 {
            signal_hook::flag::register(signal, Arc::default()).expect("a handler");
        }
    }
}

/// Returns the path of the server of that runtime.
///
/// # Panics
/// If the programs cannot be built.
pub fn server_program(runtime: &str) -> PathBuf {
    programs().join(format!("lottery-server-{runtime}"))
}

/// Keeps a program from writing its coverage. One that may write no file there would complain on standard error.
pub fn without_coverage(command: &mut Command) -> &mut Command {
    command.env("LLVM_PROFILE_FILE", "/dev/null")
}

/// Returns a program's command in that directory, with an environment without settings. `LLVM_PROFILE_FILE`
/// is kept: it measures test coverage.
pub fn command(program: impl AsRef<OsStr>, dir: &Path) -> Command {
    let mut command = Command::new(program);
    let kept = ["PATH", "LLVM_PROFILE_FILE"].map(|name| (name, env::var_os(name)));
    command
        .current_dir(dir)
        .env_clear()
        .envs(kept.into_iter().filter_map(|(name, value)| Some((name, value?))));
    command
}

/// Returns the command of a server of that runtime in that directory, with its data below it.
///
/// # Panics
/// If the programs cannot be built.
pub fn server(runtime: &str, dir: &Path) -> Command {
    server_at(runtime, dir, SocketAddr::from(([127, 0, 0, 1], 0)))
}

/// Returns the command of a server that listens at `address`.
///
/// # Panics
/// If the programs cannot be built.
pub fn server_at(runtime: &str, dir: &Path, address: SocketAddr) -> Command {
    let mut server = command(server_program(runtime), dir);
    server.args(["--listen", &address.to_string(), "--data-dir", "data"]);
    server
}

/// Returns the command of an agency of that runtime in that directory.
///
/// # Panics
/// If the programs cannot be built.
pub fn client(runtime: &str, dir: &Path, agency: u32, server: SocketAddr) -> Command {
    let mut client = command(programs().join(format!("lottery-client-{runtime}")), dir);
    client.args(["--agency", &agency.to_string(), "--server", &server.to_string()]);
    client.env("CLI_POLL_INITIAL", "50ms").env("CLI_POLL_MAX", "200ms");
    client
}
