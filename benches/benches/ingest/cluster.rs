//! A PostgreSQL server of its own, in a temporary directory, on a port of the loopback interface.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use benches::process::cpu_with_children;
use rustix::process::{Pid, Signal, geteuid, kill_process};
use tempfile::TempDir;

use crate::postgres::{Session, USER};

/// How long the server may take until it answers.
const PATIENCE: Duration = Duration::from_secs(30);
/// PostgreSQL does not run as root: then it runs as this user, whom its packages make.
const OWNER: &str = "postgres";
/// Where Debian's packages have the programs, each version in its own directory.
const VERSIONS: &str = "/usr/lib/postgresql";

/// A server that runs. It ends with this value.
#[derive(Debug)]
pub(crate) struct Cluster {
    server: Child,
    address: SocketAddr,
    #[expect(dead_code, reason = "it is there by living")]
    dir: TempDir,
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // Nothing of it is needed any more: an immediate shutdown.
        let _ = kill_process(Pid::from_child(&self.server), Signal::QUIT);
        let _ = self.server.wait();
    }
}

impl Cluster {
    /// Makes one, and starts it.
    ///
    /// # Errors
    /// What is missing here, or went wrong.
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

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The processor time of its processes, in seconds.
    pub(crate) fn cpu(&self) -> f64 {
        // Not every system lists the children of a process.
        cpu_with_children(self.server.id()).unwrap_or(f64::NAN)
    }
}

/// The directory with PostgreSQL's programs, of the newest version.
fn programs() -> Option<PathBuf> {
    let versions = fs::read_dir(VERSIONS).ok()?.filter_map(|entry| Some(entry.ok()?.path()));
    let with_number =
        versions.filter_map(|path| Some((path.file_name()?.to_str()?.parse::<u32>().ok()?, path)));
    let with_programs = with_number.map(|(number, path)| (number, path.join("bin")));
    with_programs.filter(|(_, bin)| bin.join("initdb").exists()).max().map(|(_, bin)| bin)
}

/// A command for whoever may run PostgreSQL. If this process ends, whatever ends it, so does the command.
fn owned(program: &Path) -> Command {
    let mut command = Command::new("setpriv");
    command.arg("--pdeathsig=QUIT");
    if geteuid().is_root() {
        command.args(["--reuid", OWNER, "--regid", OWNER, "--clear-groups"]);
    }
    // It may not enter the directory in which this program was started.
    command.current_dir("/").arg("--").arg(program);
    command
}

/// Runs a command to its end.
fn done(command: &mut Command) -> Result<(), String> {
    let name = command.get_program().display().to_string();
    let output = command.stdin(Stdio::null()).output().map_err(|error| format!("{name}: {error}"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    if output.status.success() { Ok(()) } else { Err(format!("{name}: {}: {said}", output.status)) }
}
