//! What a centre takes of the machine at most, as it follows from its settings.

use super::error::ConfigError;
use super::resolve::Values;
use super::server::ServerSettings;
use crate::log::queue::QUEUE_SIZE;

/// The limits as a table: what is bounded, the number, what that is.
pub(super) fn of(values: &mut Values) -> Result<String, ConfigError> {
    let settings = ServerSettings::from_values(values)?;
    let machine = settings.machine();
    let memory = machine.most_memory();
    let connections = usize::try_from(settings.max_connections).unwrap_or(usize::MAX);
    let heading = ["limit", "number", "of"].map(String::from);
    let rows = [
        ("connections", connections, "open at once"),
        (
            "connections-per-ip",
            usize::try_from(settings.max_connections_per_ip).unwrap_or(usize::MAX),
            match settings.max_connections_per_local_ip {
                Some(_) => "of an address",
                None => "of an address that is neither loopback nor private",
            },
        ),
        ("message", machine.max_message, "bytes, the longest that is taken"),
        ("requests", machine.max_in_flight, "of a connection, taken and not answered"),
        ("window", machine.window as usize, "batches of a session, not acknowledged"),
        ("connection-memory", memory, "bytes of one connection"),
        ("desk", ServerSettings::DESK_SIZE, "bytes, about, of requests that wait for the store"),
        ("log", 2 * QUEUE_SIZE, "bytes of log lines that wait to be written; more are dropped and counted"),
        ("connections-memory", memory.saturating_mul(connections), "bytes of all connections together"),
    ];
    let rows = rows.map(|(limit, number, of)| [limit.to_owned(), number.to_string(), of.to_owned()]);
    let lines: Vec<[String; 3]> = std::iter::once(heading).chain(rows).collect();
    let width = |column: usize| lines.iter().map(|line| line[column].len()).max().unwrap_or(0);
    let (limits, numbers) = (width(0), width(1));
    let line = |[limit, number, of]: &[String; 3]| format!("{limit:limits$}  {number:>numbers$}  {of}\n");
    Ok(lines.iter().map(line).collect())
}
