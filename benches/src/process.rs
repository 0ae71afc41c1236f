//! Processes that run this program again: servers that are measured from outside.

use std::env;
use std::ffi::OsString;
use std::net::{SocketAddr, TcpStream};
use std::process::{Command, ExitCode, Stdio};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use lottery_proto::Dialect;
use lottery_testkit::process::{self, Running, free_address};
use rustix::process::{Resource, Rlimit, Signal, getrlimit, set_parent_process_death_signal, setrlimit};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// Name of the environment variable that holds a process's role.
const ROLE: &str = "BENCH_ROLE";
/// Longest time that a server may take to listen.
const PATIENCE: Duration = Duration::from_secs(10);
/// Longest time for which [`Server::rest`] waits.
const REST: Duration = Duration::from_secs(30);

/// Returns the role of this process; `None` for the process that measures.
///
/// A process with a role ends with the one that measures, however that ends.
pub fn role() -> Option<String> {
    let role = env::var(ROLE).ok()?;
    set_parent_process_death_signal(Some(Signal::KILL)).expect("a signal");
    Some(role)
}

/// Returns a command that runs this program in that role.
///
/// # Panics
/// If the path of this program is unknown.
pub fn this_program(role: &str) -> Command {
    let mut command = Command::new(env::current_exe().expect("this program"));
    command.env(ROLE, role);
    command
}

/// Returns a command that runs this program in that role, by a program that runs others.
///
/// # Panics
/// If the path of this program is unknown.
pub fn this_program_by(program: &str, arguments: &[&str], role: &str) -> Command {
    let mut command = Command::new(program);
    command.args(arguments).arg(env::current_exe().expect("this program")).env(ROLE, role);
    command
}

/// Runs the server's program on the runtime of that name; `None` if there is no such runtime.
pub fn run_server(runtime: &str) -> Option<ExitCode> {
    match runtime {
        "tokio" => Some(lottery_cli::program::server(&runtime_tokio::Tokio, Dialect::ALL, SystemTime::now)),
        "std" => Some(lottery_cli::program::server(&runtime_std::Std, Dialect::ALL, SystemTime::now)),
        "smol" => Some(lottery_cli::program::server(&runtime_smol::Smol, Dialect::ALL, SystemTime::now)),
        _ => None,
    }
}

/// Runs an agency's program on the runtime of that name; `None` if there is no such runtime.
pub fn run_client(runtime: &str) -> Option<ExitCode> {
    match runtime {
        "tokio" => Some(lottery_cli::program::client(&runtime_tokio::Tokio, Dialect::ALL, SystemTime::now)),
        "std" => Some(lottery_cli::program::client(&runtime_std::Std, Dialect::ALL, SystemTime::now)),
        "smol" => Some(lottery_cli::program::client(&runtime_smol::Smol, Dialect::ALL, SystemTime::now)),
        _ => None,
    }
}

/// Returns the argument after that flag.
///
/// # Panics
/// If the flag is missing.
pub fn argument(flag: &str) -> String {
    env::args().skip_while(|argument| argument != flag).nth(1).expect("the flag is given")
}

/// Raises the limit of descriptors of this process and its children to `wanted`, or as far as permitted.
/// Returns the limit.
pub fn allow_descriptors(wanted: u64) -> u64 {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let most = maximum.unwrap_or(u64::MAX);
    // Only a privileged process may exceed the maximum.
    for (current, maximum) in [(wanted, most.max(wanted)), (wanted.min(most), most)] {
        let limit = Rlimit { current: Some(current), maximum: Some(maximum) };
        if setrlimit(Resource::Nofile, limit).is_ok() {
            return current;
        }
    }
    current.unwrap_or(wanted)
}

/// Runs `work` with this process, and those that it starts, on one core: where the system puts them does not matter
/// then. A wake-up on another core may cost more than what is measured.
///
/// # Panics
/// If the system does not permit it.
pub fn on_one_core(work: impl FnOnce()) {
    let all = sched_getaffinity(None).expect("this process runs somewhere");
    let first = (0..CpuSet::MAX_CPU).find(|core| all.is_set(*core)).expect("it runs somewhere");
    let mut one = CpuSet::new();
    one.set(first);
    sched_setaffinity(None, &one).expect("it may run on less");
    work();
    sched_setaffinity(None, &all).expect("it has run there before");
}

/// Server that listens. It is killed on drop.
#[derive(Debug)]
pub struct Server {
    process: Running,
    address: SocketAddr,
}

impl Server {
    /// Starts this program in that role, with `--listen` and these arguments.
    ///
    /// # Panics
    /// If it does not listen soon.
    pub fn start(role: &str, arguments: impl IntoIterator<Item = impl Into<OsString>>) -> Self {
        let address = free_address();
        let mut command = this_program(role);
        command.args(["--listen", &address.to_string()]).args(arguments.into_iter().map(Into::into));
        Self::start_program(command, address)
    }

    /// Starts a server that is to listen at `address`.
    ///
    /// # Panics
    /// If it does not listen soon.
    pub fn start_program(mut command: Command, address: SocketAddr) -> Self {
        let process = Running::start(command.stdout(Stdio::null())).expect("the server's program starts");
        let server = Self { process, address };
        let start = Instant::now();
        while TcpStream::connect(address).is_err() {
            assert!(start.elapsed() < PATIENCE, "{command:?} does not listen");
            thread::sleep(Duration::from_millis(1));
        }
        server
    }

    /// Waits until the server uses no processor time for `pause`, at most half a minute.
    ///
    /// # Panics
    /// If it has ended.
    pub fn rest(&self, pause: Duration) {
        let start = Instant::now();
        let mut before = self.cpu();
        loop {
            thread::sleep(pause);
            let now = self.cpu();
            if now <= before || start.elapsed() > REST {
                return;
            }
            before = now;
        }
    }

    /// Returns the address that the server listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns the processor time that the server has used, in seconds.
    pub fn cpu(&self) -> f64 {
        cpu(self.process.pid())
    }

    /// Returns the server's peak memory, in KiB.
    pub fn peak(&self) -> f64 {
        memory(self.process.pid(), "VmHWM")
    }

    /// Returns the server's anonymous memory, which no file backs, in KiB.
    pub fn anonymous(&self) -> f64 {
        memory(self.process.pid(), "RssAnon")
    }
}

/// Returns the processor time of the processes that this one has started and whose end it has seen, in seconds.
///
/// # Panics
/// If the system does not tell.
pub fn cpu_of_ended() -> f64 {
    let own = std::process::id();
    let all = process::cpu_with_children(own).expect("the system lists the children");
    all.saturating_sub(process::cpu(own).expect("this process lives")).as_secs_f64()
}

/// Returns the processor time that a process has used, in seconds.
///
/// # Panics
/// If there is no such process.
pub fn cpu(process: u32) -> f64 {
    process::cpu(process).expect("the process lives").as_secs_f64()
}

fn memory(process: u32, name: &str) -> f64 {
    let kib = process::memory(process, name).expect("the process lives");
    u32::try_from(kib).expect("less than 4 TiB").into()
}
