//! PostgreSQL server of the benchmark's own, in a temporary directory, on a port of the loopback interface.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use lottery_testkit::process::cpu_with_children;
use rustix::process::{Pid, Signal, geteuid, kill_process};
use tempfile::TempDir;

use crate::postgres::{Session, USER};

/// Longest time that the server may take until it answers.
const PATIENCE: Duration = Duration::from_secs(30);
/// User that PostgreSQL runs as if this process is root, which PostgreSQL rejects. Its packages create the
/// user.
const OWNER: &str = "postgres";
/// Directory in which Debian's packages put the programs, each version in a directory of its own.
const VERSIONS: &str = "/usr/lib/postgresql";

/// PostgreSQL server that runs. It is shut down on drop.
#[derive(Debug)]
pub(crate) struct Cluster {
    server: Child,
    address: SocketAddr,
    #[expect(dead_code, reason = "it is there by living")]
    dir: TempDir,
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // The data are not needed any more: an immediate shutdown.
        let _ = kill_process(Pid::from_child(&self.server), Signal::QUIT);
        let _ = self.server.wait();
    }
}

impl Cluster {
    /// Creates a cluster and starts its server.
    ///
    /// # Errors
    /// Returns a text that names the missing program or the failure.
    pub(crate) fn start() -> Result<Self, String> {
        let programs =
            programs().ok_or("there is no postgres here, such as that of Debian's postgresql-15")?;
        let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).map_err(|error| error.to_string())?;
        let data = dir.path().join("data");
        fs::create_dir(&data).map_err(|error| error.to_string())?;
        if geteuid().is_root() {
            let open = fs::Permissions::from_mode(0o755);
            fs::set_permissions(dir.path(), open).map_err(|error| error.to_string())?;
            done(Command::new("chown").arg(OWNER).arg(&data))?;
        }
        done(
            owned(&programs.join("initdb"))
                .args(["--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync", "--username", USER])
                .arg("--pgdata")
                .arg(&data),
        )?;
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(|error| error.to_string())?;
        let address = free.local_addr().map_err(|error| error.to_string())?;
        drop(free);
        let port = address.port();
        let server = owned(&programs.join("postgres"))
            .arg("-D")
            .arg(&data)
            .args(["-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="])
            .args(["-c", &format!("port={port}")])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| format!("postgres: {error}"))?;
        let mut cluster = Self { server, address, dir };
        cluster.wait_until_ready()?;
        Ok(cluster)
    }

    fn wait_until_ready(&mut self) -> Result<(), String> {
        let start = Instant::now();
        while let Err(error) = Session::open(self.address) {
            if let Ok(Some(status)) = self.server.try_wait() {
                return Err(format!("postgres: {status}"));
            }
            if start.elapsed() > PATIENCE {
                return Err(format!("postgres does not answer: {error}"));
            }
            thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    }

    /// Returns the address that the server listens on.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns the processor time of the server's processes, in seconds; NaN if the system does not list the
    /// children of a process.
    pub(crate) fn cpu(&self) -> f64 {
        cpu_with_children(self.server.id()).map_or(f64::NAN, |time| time.as_secs_f64())
    }
}

/// Returns the directory of PostgreSQL's programs, of the newest version.
fn programs() -> Option<PathBuf> {
    let versions = fs::read_dir(VERSIONS).ok()?.filter_map(|entry| Some(entry.ok()?.path()));
    let with_number =
        versions.filter_map(|path| Some((path.file_name()?.to_str()?.parse::<u32>().ok()?, path)));
    let with_programs = with_number.map(|(number, path)| (number, path.join("bin")));
    with_programs.filter(|(_, bin)| bin.join("initdb").exists()).max().map(|(_, bin)| bin)
}

/// Returns a command that runs as a user that PostgreSQL accepts. The command is ended with this process,
/// however that ends.
fn owned(program: &Path) -> Command {
    let mut command = Command::new("setpriv");
    command.arg("--pdeathsig=QUIT");
    if geteuid().is_root() {
        command.args(["--reuid", OWNER, "--regid", OWNER, "--clear-groups"]);
    }
    // That user may have no access to the working directory of this process.
    command.current_dir("/").arg("--").arg(program);
    command
}

/// Runs a command to its end. Returns an error with its output if it fails.
fn done(command: &mut Command) -> Result<(), String> {
    let name = command.get_program().display().to_string();
    let output = command.stdin(Stdio::null()).output().map_err(|error| format!("{name}: {error}"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    if output.status.success() { Ok(()) } else { Err(format!("{name}: {}: {said}", output.status)) }
}
