//! This program once more, as a process of its own: a server that is measured from outside.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, ExitCode, Stdio};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use rustix::process::{Resource, Rlimit, Signal, getrlimit, set_parent_process_death_signal, setrlimit};

/// Names the environment variable that says which process this is.
const ROLE: &str = "BENCH_ROLE";
/// How long a server may take to listen.
const PATIENCE: Duration = Duration::from_secs(10);
/// The clock ticks of `/proc`, in a second.
const TICKS: f64 = 100.0;

/// What this process is to be; `None`: the one that measures.
///
/// A process with a role ends with the one that measures, however that ends.
pub fn role() -> Option<String> {
    let role = env::var(ROLE).ok()?;
    set_parent_process_death_signal(Some(Signal::KILL)).expect("a signal");
    Some(role)
}

/// This program in that role.
///
/// # Panics
/// If nobody knows where this program is.
pub fn this_program(role: &str) -> Command {
    let mut command = Command::new(env::current_exe().expect("this program"));
    command.env(ROLE, role);
    command
}

/// The centre's program, on the runtime of that name; `None` if there is none.
pub fn centre(runtime: &str) -> Option<ExitCode> {
    match runtime {
        "tokio" => Some(lottery_cli::program::server(&runtime_tokio::Tokio, SystemTime::now)),
        "std" => Some(lottery_cli::program::server(&runtime_std::Std, SystemTime::now)),
        "smol" => Some(lottery_cli::program::server(&runtime_smol::Smol, SystemTime::now)),
        _ => None,
    }
}

/// What stands behind that flag.
///
/// # Panics
/// If the flag is missing.
pub fn argument(flag: &str) -> String {
    env::args().skip_while(|argument| argument != flag).nth(1).expect("the flag is given")
}

/// Lets this process and those that it starts have so many descriptors, or as many as they may: how many that is.
pub fn allow_descriptors(wanted: u64) -> u64 {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let most = maximum.unwrap_or(u64::MAX);
    // To have more than the maximum is for those who are privileged.
    for (current, maximum) in [(wanted, most.max(wanted)), (wanted.min(most), most)] {
        let limit = Rlimit { current: Some(current), maximum: Some(maximum) };
        if setrlimit(Resource::Nofile, limit).is_ok() {
            return current;
        }
    }
    current.unwrap_or(wanted)
}

/// A server that listens. It ends with this value.
#[derive(Debug)]
pub struct Server {
    child: Child,
    address: SocketAddr,
}

impl Drop for Server {
    fn drop(&mut self) {
        // Nothing of it is needed any more.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Server {
    /// Starts this program in that role, with `--listen` and these arguments.
    ///
    /// # Panics
    /// If it does not listen soon.
    pub fn start(role: &str, arguments: impl IntoIterator<Item = impl Into<OsString>>) -> Self {
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let address = free.local_addr().expect("it is bound");
        drop(free);
        let child = this_program(role)
            .args(["--listen", &address.to_string()])
            .args(arguments.into_iter().map(Into::into))
            .stdout(Stdio::null())
            .spawn()
            .expect("this program starts");
        let server = Self { child, address };
        let start = Instant::now();
        while TcpStream::connect(address).is_err() {
            assert!(start.elapsed() < PATIENCE, "{role} does not listen");
            thread::sleep(Duration::from_millis(5));
        }
        server
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The processor time that it has used, in seconds.
    pub fn cpu(&self) -> f64 {
        cpu(self.child.id())
    }

    /// The most memory that it ever had, in KiB.
    pub fn peak(&self) -> f64 {
        memory(self.child.id(), "VmHWM:")
    }

    /// The memory that is its own and no file's, in KiB.
    pub fn anonymous(&self) -> f64 {
        memory(self.child.id(), "RssAnon:")
    }
}

/// The processor time that a process has used, in seconds.
///
/// # Panics
/// If there is no such process.
pub fn cpu(process: u32) -> f64 {
    used(process, 2).expect("the process lives")
}

/// The same with that of its children, those that have ended and those that live; `None` if it has ended itself.
pub fn cpu_with_children(process: u32) -> Option<f64> {
    let children = fs::read_to_string(format!("/proc/{process}/task/{process}/children")).ok()?;
    let children = children.split_whitespace().filter_map(|child| child.parse().ok());
    let living: f64 = children.filter_map(cpu_with_children).sum();
    Some(living + used(process, 4)?)
}

/// The first so many of: its own time, in the user's part and in the system's, and that of its children that have ended.
fn used(process: u32, times: usize) -> Option<f64> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // Behind the name, which may hold anything.
    let (_, fields) = stat.rsplit_once(')')?;
    let ticks = fields.split_whitespace().skip(11).take(times).map(str::parse::<f64>);
    Some(ticks.sum::<Result<f64, _>>().ok()? / TICKS)
}

fn memory(process: u32, what: &str) -> f64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).expect("the process lives");
    let line = status.lines().find_map(|line| line.strip_prefix(what)).expect("a line of it");
    line.split_whitespace().next().and_then(|kib| kib.parse().ok()).expect("a number")
}
