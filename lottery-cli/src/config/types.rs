//! Types of settings that are not plain numbers, paths or durations.

use std::fmt;

use lottery_proto::Dialect;

/// Request of a command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Parsed<T> {
    /// Run with these settings.
    Run(T),
    /// Print this text to standard output and exit with 0: the help, the version or the configuration. The
    /// text ends with a line end.
    Print(String),
}

/// Value with the text that it was read from, for log lines that show a setting as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Raw<T> {
    /// Value that was parsed.
    pub value: T,
    /// Text as it was written.
    pub text: String,
}

/// Host by name or address, and a port. Displays as `HOST:PORT`, an IPv6 address in brackets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostPort {
    /// Name, IPv4 address, or IPv6 address without brackets; never empty.
    pub host: String,
    /// Port, from 1 to 65535.
    pub port: u16,
}

impl fmt::Display for HostPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, port } = self;
        // A name has no colon.
        if host.contains(':') { write!(f, "[{host}]:{port}") } else { write!(f, "{host}:{port}") }
    }
}

/// Setting that is one of a few names. A new one goes into the enum, `ALL`, `name` and the setting's help;
/// a test finds a name that is missing in the help.
pub trait Choice: Copy + 'static {
    /// All values, in the order in which they are listed to a reader.
    const ALL: &'static [Self];

    /// Returns the name in a configuration.
    fn name(self) -> &'static str;
}

/// Memory that peers can make the server hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MaxMemory {
    /// A quarter of the machine's memory, or of the limit of its cgroup.
    Quarter,
    /// Number of bytes.
    Bytes(u64),
}

/// Place where the server keeps the bets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StoreKind {
    /// A database in the data directory.
    Redb,
    /// Memory: bets are lost when the process ends.
    Memory,
}

impl Choice for StoreKind {
    const ALL: &'static [Self] = &[Self::Redb, Self::Memory];

    fn name(self) -> &'static str {
        match self {
            Self::Redb => "redb",
            Self::Memory => "memory",
        }
    }
}

/// Time zone of log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogTime {
    /// Coordinated universal time.
    Utc,
    /// Local time of the machine.
    Local,
}

impl Choice for LogTime {
    const ALL: &'static [Self] = &[Self::Utc, Self::Local];

    fn name(self) -> &'static str {
        match self {
            Self::Utc => "utc",
            Self::Local => "local",
        }
    }
}

impl Choice for Dialect {
    const ALL: &'static [Self] = Self::ALL;

    fn name(self) -> &'static str {
        self.name()
    }
}
