//! Maximum use of the machine's resources that follows from a server's settings.

use super::OWN;
use crate::columns::{Align, aligned};
use crate::config::ServerSettings;

/// Returns the limits as a table: name, number, and meaning of the number. `connection_stack` is the size in
/// bytes of the stack of a connection's thread; 0 if it has none.
pub fn limits(settings: &ServerSettings, connection_stack: usize) -> String {
    let machine = settings.machine();
    let budget = settings.budget(connection_stack);
    let rows = [
        (
            "connections",
            budget.connections,
            "open at once; fewer than max-connections if max-memory is too small",
        ),
        (
            "connections-per-ip",
            usize::try_from(settings.max_connections_per_ip).unwrap_or(usize::MAX),
            match settings.max_connections_per_local_ip {
                Some(_) => "of an address",
                None => "of an address that is neither loopback nor private",
            },
        ),
        ("message", machine.max_message(), "bytes, the longest that is taken"),
        ("requests", machine.max_in_flight(), "of a connection, taken and not answered"),
        ("window", machine.window().batches as usize, "batches of a session, not acknowledged"),
        ("window bytes", machine.window().bytes as usize, "bytes of these batches"),
        ("connection-memory", machine.max_memory(), "bytes of one connection at most"),
        (
            "own-memory",
            OWN.saturating_mul(budget.connections),
            "bytes that are connections' own, 131072 of each",
        ),
        ("shared-memory", budget.shared, "bytes that connections share for what is more"),
        ("commit-queue", budget.commit_queue, "bytes of requests that wait for the store"),
        ("max-memory", budget.peers, "bytes that peers can make the server hold: these three"),
        ("committer", budget.committer, "bytes of what is being stored"),
        ("store", budget.store, "bytes in which the store reads groups back"),
        ("agencies", budget.agencies, "bytes of what is kept of agencies"),
        ("log", budget.log, "bytes of log lines that wait to be written; more are dropped and counted"),
        ("stacks", budget.stacks, "bytes of threads' stacks; on std each connection has one"),
        ("program", budget.program, "bytes of the program itself, about"),
        ("total", budget.total(), "bytes: max-memory and what follows it"),
    ];
    let rows = rows.map(|(limit, number, of)| [limit.to_owned(), number.to_string(), of.to_owned()]);
    aligned(["limit", "number", "of"], Align::Right, rows.into_iter())
}
