//! The types of settings that are not plain numbers, paths or durations.

use std::fmt;
use std::net::Ipv6Addr;

use lottery_proto::Dialect;

/// A value and the text that it was read from, for log lines that show a setting as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Raw<T> {
    /// What the text means.
    pub value: T,
    /// The text itself.
    pub text: String,
}

/// A host by name or address, and a port on it. Displays as `HOST:PORT`, an IPv6 address in brackets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostPort {
    /// A name, an IPv4 address, or an IPv6 address without brackets; never empty.
    pub host: String,
    /// From 1 to 65535.
    pub port: u16,
}

impl fmt::Display for HostPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, port } = self;
        let address = host.split_once('%').map_or(host.as_str(), |(address, _)| address);
        if address.parse::<Ipv6Addr>().is_ok() {
            write!(f, "[{host}]:{port}")
        } else {
            write!(f, "{host}:{port}")
        }
    }
}

/// A setting that is one of a few names. To add one is to add it to the enum, to `ALL`, to `name`
/// and to the setting's help; a test finds what was forgotten in the help.
pub trait Choice: Copy + 'static {
    /// All there are, in the order in which they are listed to a reader.
    const ALL: &'static [Self];

    /// How it is written in a configuration.
    fn name(self) -> &'static str;
}

/// What peers can make the centre hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MaxMemory {
    /// A quarter of what the machine has, or its cgroup lets the process have.
    Quarter,
    /// So many bytes.
    Bytes(u64),
}

/// Where the centre keeps the bets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StoreKind {
    /// In a database in the data directory.
    Redb,
    /// In memory: lost when the process ends.
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

/// In which time log lines are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogTime {
    /// Coordinated universal time.
    Utc,
    /// The time of the machine.
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
