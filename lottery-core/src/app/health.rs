//! `health`: whether a centre listens. The kernel is asked, so that no connection of ours is in the centre's log.

use std::fs;
use std::process::ExitCode;

use super::fail;

/// The tables of the sockets that this process can see: those of its own network namespace.
const TABLES: [&str; 2] = ["/proc/net/tcp", "/proc/net/tcp6"];

/// Succeeds if something listens at `port`, and otherwise says so.
pub(super) fn health(port: u16) -> ExitCode {
    // Without IPv6 there is one table, and elsewhere than on Linux none: then nothing is known to listen.
    let tables = TABLES.iter().filter_map(|path| fs::read_to_string(path).ok());
    if tables.into_iter().any(|table| listens(&table, port)) {
        ExitCode::SUCCESS
    } else {
        fail(1, &format!("nothing listens at port {port}"))
    }
}

/// Whether a table has a socket at `port` in the state `LISTEN`, which is `0A`. Addresses and ports are in hexadecimal.
fn listens(table: &str, port: u16) -> bool {
    table.lines().skip(1).any(|line| {
        let mut fields = line.split_whitespace().skip(1);
        let local = fields.next().and_then(|local| local.rsplit_once(':'));
        let local = local.and_then(|(_, port)| u16::from_str_radix(port, 16).ok());
        local == Some(port) && fields.nth(1) == Some("0A")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "  \
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000:3039 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1 0 100 0 0 10 0
   1: 0100007F:1F90 0100007F:3039 01 00000000:00000000 00:00000000 00000000     0        0 2 1 0 20 4 30 10 -1
";

    #[test]
    fn a_port_is_listened_at_only_in_that_state() {
        assert!(listens(TABLE, 12345));
        assert!(!listens(TABLE, 8080));
        assert!(!listens(TABLE, 80));
        assert!(!listens("", 12345));
    }

    #[test]
    fn a_socket_of_this_machine_is_seen() {
        let socket = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = socket.local_addr().unwrap().port();
        let seen = TABLES.iter().filter_map(|path| fs::read_to_string(path).ok());
        assert!(seen.into_iter().any(|table| listens(&table, port)));
        assert_eq!(health(port), ExitCode::SUCCESS);
        assert_eq!(health(0), ExitCode::FAILURE, "no socket has this port");
    }
}
