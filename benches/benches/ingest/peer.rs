//! Servers of others, each in a temporary directory of the benchmark's, on a port of the loopback interface.

use std::env;
use std::fs;
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use benches::input::crate_dir;
use lottery_testkit::process::cpu_with_children;
use rustix::process::{Pid, Signal, geteuid, kill_process};
use tempfile::TempDir;

/// Longest time that a server may take until it answers.
const PATIENCE: Duration = Duration::from_secs(30);
/// Directory that `benches/install-peers` puts programs in that are not installed for the whole machine.
const INSTALLED: &str = "../target/peers";

/// Server of others that runs. It is ended on drop.
#[derive(Debug)]
pub(crate) struct Peer {
    server: Child,
    address: SocketAddr,
    #[expect(dead_code, reason = "it is there by living")]
    dir: TempDir,
}

impl Drop for Peer {
    fn drop(&mut self) {
        // Nobody needs the data any more: PostgreSQL shuts down at once.
        let _ = kill_process(Pid::from_child(&self.server), Signal::QUIT);
        let _ = self.server.wait();
    }
}

impl Peer {
    /// Starts a server with its data in a new directory, with the command that `prepare` returns for the directory
    /// and the port, and waits until `open` succeeds.
    ///
    /// # Errors
    /// Returns a text that names the missing program or the failure.
    pub(crate) fn start<T>(
        prepare: impl FnOnce(&Path, u16) -> Result<Command, String>,
        open: impl Fn(SocketAddr) -> io::Result<T>,
    ) -> Result<Self, String> {
        let text = |error: io::Error| error.to_string();
        let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).map_err(text)?;
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(text)?;
        let address = free.local_addr().map_err(text)?;
        drop(free);
        let mut command = prepare(dir.path(), address.port())?;
        let program = command.get_args().last().unwrap_or_default().display().to_string();
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let server = command.spawn().map_err(|error| format!("{program}: {error}"))?;
        let mut peer = Self { server, address, dir };
        let start = Instant::now();
        while let Err(error) = open(address) {
            if let Ok(Some(status)) = peer.server.try_wait() {
                return Err(format!("the server ended: {status}"));
            }
            if start.elapsed() > PATIENCE {
                return Err(format!("the server does not answer: {error}"));
            }
            thread::sleep(Duration::from_millis(50));
        }
        Ok(peer)
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

/// Returns the path of a program: one that `benches/install-peers` has put beside the builds, or one of the machine.
///
/// # Errors
/// Returns a text that names the program, if there is none.
pub(crate) fn program(name: &str) -> Result<PathBuf, String> {
    let path = env::var_os("PATH").unwrap_or_default();
    let dirs =
        [crate_dir().join(INSTALLED)].into_iter().chain(env::split_paths(&path)).chain(["/usr/sbin".into()]);
    let mut found = dirs.map(|dir| dir.join(name)).filter(|path| path.is_file());
    found.next().ok_or_else(|| format!("there is no {name} here, which benches/install-peers installs"))
}

/// Returns a command that is ended with this process, however that ends. It runs as `owner` if this process is root's.
pub(crate) fn owned(program: &Path, owner: Option<&str>) -> Command {
    let mut command = Command::new("setpriv");
    command.arg("--pdeathsig=QUIT");
    if let Some(owner) = owner.filter(|_| geteuid().is_root()) {
        command.args(["--reuid", owner, "--regid", owner, "--clear-groups"]);
    }
    // That user may have no access to the working directory of this process.
    command.current_dir("/").arg("--").arg(program);
    command
}

/// Creates a directory for `owner`, if this process is root's, and lets everybody pass the one above.
///
/// # Errors
/// Returns a text that names the failure.
pub(crate) fn directory_of(owner: &str, dir: &Path) -> Result<(), String> {
    fs::create_dir(dir).map_err(|error| error.to_string())?;
    if geteuid().is_root() {
        let above = dir.parent().expect("it is in a directory");
        let open = fs::Permissions::from_mode(0o755);
        fs::set_permissions(above, open).map_err(|error| error.to_string())?;
        done(Command::new("chown").arg(owner).arg(dir))?;
    }
    Ok(())
}

/// Runs a command to its end.
///
/// # Errors
/// Returns a text with its output if it fails.
pub(crate) fn done(command: &mut Command) -> Result<(), String> {
    let name = command.get_program().display().to_string();
    let output = command.stdin(Stdio::null()).output().map_err(|error| format!("{name}: {error}"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    if output.status.success() { Ok(()) } else { Err(format!("{name}: {}: {said}", output.status)) }
}

/// Connection to a server whose replies are lines.
#[derive(Debug)]
pub(crate) struct Lines(BufReader<TcpStream>);

impl Lines {
    /// # Errors
    /// Returns the error of the system.
    pub(crate) fn open(server: SocketAddr) -> io::Result<Self> {
        let socket = TcpStream::connect(server)?;
        socket.set_nodelay(true)?;
        socket.set_read_timeout(Some(PATIENCE))?;
        Ok(Self(BufReader::with_capacity(64 * 1024, socket)))
    }

    /// # Errors
    /// Returns the error of the system.
    pub(crate) fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.get_mut().write_all(bytes)
    }

    /// Returns the next line, without its end.
    ///
    /// # Errors
    /// Returns the error of the system, also if the connection has ended.
    pub(crate) fn line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        if self.0.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        line.truncate(line.trim_end().len());
        Ok(line)
    }

    /// Returns the next `count` bytes.
    ///
    /// # Errors
    /// Returns the error of the system, also if the connection has ended.
    pub(crate) fn bytes(&mut self, count: usize) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; count];
        self.0.read_exact(&mut bytes)?;
        Ok(bytes)
    }
}
