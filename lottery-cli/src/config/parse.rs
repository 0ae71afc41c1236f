//! Types of settings' values, and their parsers: each function reads one kind, or returns the expectation.

use std::ffi::OsStr;
use std::fmt;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::ops::RangeInclusive;
use std::os::unix::ffi::OsStrExt as _;
use std::path::PathBuf;
use std::time::Duration;

use lottery_core::server_connection::BareAnswer;

use super::duration;
use crate::log::{Format, Level, UnknownLevel};

/// Returns a parser of whole numbers in decimal digits in this range, which must fit into `T`.
pub(super) fn whole<T: TryFrom<u64>>(range: RangeInclusive<u64>) -> impl Fn(&OsStr) -> Result<T, String> {
    move |value| {
        let digits = value.to_str().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
        let number = digits.and_then(|digits| digits.parse().ok()).filter(|number| range.contains(number));
        let number = number.and_then(|number| T::try_from(number).ok());
        number.ok_or_else(|| format!("a whole number from {} to {}", range.start(), range.end()))
    }
}

/// Memory that peers can make the server hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum MaxMemory {
    /// A quarter of the machine's memory, or of the limit of its cgroup.
    Quarter,
    /// Number of bytes.
    Bytes(u64),
}

/// Parses a size in bytes, KiB, MiB or GiB; or `quarter`.
pub(super) fn max_memory(value: &OsStr) -> Result<MaxMemory, String> {
    let text = value.to_str().unwrap_or_default();
    if text == "quarter" {
        return Ok(MaxMemory::Quarter);
    }
    let units = [("", 1), ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30)];
    let bytes = units.into_iter().find_map(|(unit, bytes)| {
        let number: u64 = whole(0..=u64::MAX)(text.strip_suffix(unit)?.as_ref()).ok()?;
        number.checked_mul(bytes)
    });
    bytes.map(MaxMemory::Bytes).ok_or_else(|| "quarter, or a size such as 64MiB or 1GiB".into())
}

/// Parses a duration, zero included.
pub(super) fn duration(value: &OsStr) -> Result<Duration, String> {
    let parsed = value.to_str().and_then(duration::parse);
    parsed.ok_or_else(|| "a duration such as 150ms, 5s or 1m30s".into())
}

/// Parses a duration above zero.
pub(super) fn some_time(value: &OsStr) -> Result<Duration, String> {
    let above_zero = duration(value).ok().filter(|duration| !duration.is_zero());
    above_zero.ok_or_else(|| "a duration above zero such as 150ms, 5s or 1m30s".into())
}

/// Parses `true` or `false`.
pub(super) fn switch(value: &OsStr) -> Result<bool, String> {
    let parsed = value.to_str().and_then(|text| text.parse().ok());
    parsed.ok_or_else(|| "true or false".into())
}

/// Parses a path to a file or a directory, which may be missing.
pub(super) fn path(value: &OsStr) -> Result<PathBuf, String> {
    if value.is_empty() { Err("a path".into()) } else { Ok(value.into()) }
}

/// Place where the server keeps the bets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum StoreKind {
    /// A log in the data directory.
    Log,
    /// Memory: bets are lost when the process ends.
    Memory,
}

/// Acknowledgement of Finished in `fixed`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum FinishedAnswer {
    /// `O`.
    O,
    /// `OK`.
    Ok,
}

/// Time zone of log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum LogTime {
    /// Coordinated universal time.
    Utc,
    /// Local time of the machine.
    Local,
}

/// Values that a setting takes by their names, in the order in which a reader is told them. The setting's help lists
/// them; a test finds one that it lacks.
pub(super) type Names<T> = [(&'static str, T)];

pub(super) const STORES: &Names<StoreKind> = &[("log", StoreKind::Log), ("memory", StoreKind::Memory)];
pub(super) const FINISHED_ANSWERS: &Names<FinishedAnswer> =
    &[("o", FinishedAnswer::O), ("ok", FinishedAnswer::Ok)];
pub(super) const BARE_ANSWERS: &Names<BareAnswer> =
    &[("auto", BareAnswer::Auto), ("echo", BareAnswer::Echo), ("ack", BareAnswer::Ack)];
pub(super) const LOG_FORMATS: &Names<Format> = &[("course", Format::Course), ("json", Format::Json)];
pub(super) const LOG_TIMES: &Names<LogTime> = &[("utc", LogTime::Utc), ("local", LogTime::Local)];

/// Returns a parser of the name of one of these.
pub(super) fn one_of<T: Copy>(choices: &Names<T>) -> impl Fn(&OsStr) -> Result<T, String> {
    |value| {
        let found = choices.iter().find(|(name, _)| value == *name);
        let names = || choices.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(" or ");
        found.map(|(_, choice)| *choice).ok_or_else(names)
    }
}

/// Returns a parser of names of some of these, separated by commas; each counts once.
pub(super) fn some_of<T: Copy + PartialEq>(choices: &Names<T>) -> impl Fn(&OsStr) -> Result<Vec<T>, String> {
    |value| {
        let mut chosen = Vec::new();
        for name in value.to_str().unwrap_or_default().split(',') {
            let one = one_of(choices)(name.trim().as_ref()).map_err(|names| format!("a list of {names}"))?;
            if !chosen.contains(&one) {
                chosen.push(one);
            }
        }
        Ok(chosen)
    }
}

/// Parses any text, even an empty one.
pub(super) fn text(value: &OsStr) -> Result<String, String> {
    value.to_str().map(str::to_owned).ok_or_else(|| "UTF-8".into())
}

/// Parses a level regardless of case.
pub(super) fn level(value: &OsStr) -> Result<Level, String> {
    value.to_str().unwrap_or_default().parse().map_err(|error: UnknownLevel| error.to_string())
}

/// Value with the text that it was read from, for log lines that show a setting as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Raw<T> {
    /// Value that was parsed.
    pub value: T,
    /// Text as it was written.
    pub text: String,
}

/// Returns a parser that keeps the text.
pub(super) fn raw<T>(
    parse: impl Fn(&OsStr) -> Result<T, String>,
) -> impl Fn(&OsStr) -> Result<Raw<T>, String> {
    move |value| Ok(Raw { value: parse(value)?, text: value.to_string_lossy().into_owned() })
}

/// Address to listen at.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ListenAddress {
    /// Address and port; port 0 lets the system pick one.
    Tcp(SocketAddr),
    /// Path of a socket in the file system.
    Local(PathBuf),
}

impl ListenAddress {
    /// Returns the address and port; `None` of a socket in the file system.
    pub fn tcp(&self) -> Option<SocketAddr> {
        match self {
            Self::Tcp(address) => Some(*address),
            Self::Local(_) => None,
        }
    }
}

/// Shows the address and port, or the path behind `unix:`.
impl fmt::Display for ListenAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => address.fmt(f),
            Self::Local(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

/// Parses an address to listen at: an IP address, with or without a port, or a path behind `unix:`.
pub(super) fn listen(value: &OsStr) -> Result<(ListenAddress, Option<u16>), String> {
    if let Some(path) = local_socket(value) {
        return Ok((ListenAddress::Local(path?), None));
    }
    let text = value.to_str().unwrap_or_default();
    if let Ok(address) = text.parse::<SocketAddr>() {
        return Ok((ListenAddress::Tcp(address), Some(address.port())));
    }
    let ip = match text.strip_prefix('[').and_then(|text| text.strip_suffix(']')) {
        Some(bare) => bare.parse().ok().map(IpAddr::V6),
        None => text.parse().ok(),
    };
    let ip = ip.map(|ip| (ListenAddress::Tcp(SocketAddr::new(ip, 0)), None));
    ip.ok_or_else(|| "an IP address, IP:PORT, or unix:PATH".into())
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

/// Longest path of a socket in the file system, in bytes: what an address of the system has room for.
const LONGEST_PATH: usize = 107;

/// Parses a path of a socket behind `unix:`; `None` if the value is none.
pub(super) fn local_socket(value: &OsStr) -> Option<Result<PathBuf, String>> {
    // A host may have that name.
    let path = value.as_bytes().strip_prefix(b"unix:").filter(|path| path.contains(&b'/'))?;
    let fits = path.len() <= LONGEST_PATH && !path.contains(&0);
    let path = std::str::from_utf8(path).ok().filter(|_| fits);
    Some(
        path.map(PathBuf::from)
            .ok_or_else(|| format!("unix:PATH with a path of at most {LONGEST_PATH} bytes")),
    )
}

/// Address of a server. Displays as it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ServerAddress {
    /// Host and port.
    Tcp(HostPort),
    /// Path of a socket in the file system.
    Local(PathBuf),
}

impl fmt::Display for ServerAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => address.fmt(f),
            Self::Local(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

/// Parses the address of a server: a host and a port, or a path behind `unix:`.
pub(super) fn server_address(value: &OsStr) -> Result<ServerAddress, String> {
    match local_socket(value) {
        Some(path) => path.map(ServerAddress::Local),
        None => {
            host_port(value).map(ServerAddress::Tcp).map_err(|expected| format!("{expected}, or unix:PATH"))
        }
    }
}

/// Parses a host and a port from 1 on; an IPv6 address is in brackets.
pub(super) fn host_port(value: &OsStr) -> Result<HostPort, String> {
    split_host_port(value).ok_or_else(|| "HOST:PORT with a port from 1 to 65535".into())
}

fn split_host_port(value: &OsStr) -> Option<HostPort> {
    let (host, port) = value.to_str()?.rsplit_once(':')?;
    let port = whole(1..=65_535)(port.as_ref()).ok()?;
    let bracketed = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    let sound = bracketed.map_or_else(|| is_name(host), is_ipv6);
    sound.then(|| HostPort { host: bracketed.unwrap_or(host).into(), port })
}

/// True for an IPv6 address, which may have a zone. The resolver checks that of a link-local address.
fn is_ipv6(text: &str) -> bool {
    let (ip, zone) = text.split_once('%').unwrap_or((text, "0"));
    ip.parse::<Ipv6Addr>().is_ok() && is_name(zone)
}

/// True if the text is not empty, and has no character that can only be a mistake.
fn is_name(text: &str) -> bool {
    let wrong = |c: char| c.is_whitespace() || c.is_control() || matches!(c, ':' | '[' | ']' | '/' | '@');
    !text.is_empty() && !text.contains(wrong)
}
