//! Tables of the report, below the goals.

use std::fmt::Write as _;

use super::measured::Measured;

pub(super) const RUNTIMES: [&str; 3] = ["tokio", "std", "smol"];

/// Returns all tables, each with a title. A table is left out if nothing was measured for it.
pub(super) fn all(measured: &Measured) -> String {
    let mut text = String::new();
    parts(&mut text, measured);
    instructions(&mut text, measured);
    for (title, group, first) in [
        ("Decoding", "decode", "block"),
        ("Reading agencies' files", "read", "agency-file"),
        ("Encoding", "encode", "block"),
        ("Through the machines of a server", "machine", "decode"),
    ] {
        let plot = if group == "read" { String::new() } else { format!("![{title}]({group}.svg)\n\n") };
        let head = format!("{plot}| | ns for a bet | × `{first}` |\n| --- | ---: | ---: |\n");
        table(&mut text, title, &head, measured.group(&[group]).map(|rest| quoted(rest).join(" | ")));
    }
    store(&mut text, measured);
    producers(&mut text, measured);
    ingest(&mut text, measured);
    receiving(&mut text, measured);
    sessions(&mut text, measured);
    connections(&mut text, measured);
    lottery(&mut text, measured);
    large(&mut text, measured);
    text
}

/// Appends a table, if it has rows.
fn table(text: &mut String, title: &str, head: &str, rows: impl IntoIterator<Item = String>) {
    let mut rows = rows.into_iter().peekable();
    if rows.peek().is_some() {
        let _ = write!(text, "\n## {title}\n\n{head}");
    }
    for row in rows {
        let _ = writeln!(text, "| {row} |");
    }
}

/// Returns the fields with the first as code.
fn quoted(fields: &[String]) -> Vec<String> {
    let first = fields.first().map(|name| format!("`{name}`"));
    first.into_iter().chain(fields.iter().skip(1).cloned()).collect()
}

/// Returns the lines of a group whose second field is a runtime, in the order of the runtimes.
fn of_runtimes(measured: &Measured, group: &str) -> Vec<String> {
    let row = |runtime| {
        let lines: Vec<String> = measured
            .group(&[group, runtime])
            .map(|rest| format!("{runtime} | {}", rest.join(" | ")))
            .collect();
        lines
    };
    RUNTIMES.into_iter().flat_map(row).collect()
}

fn parts(text: &mut String, measured: &Measured) {
    let head = "`cargo xtask bench-report --part NAME` measures a part anew. Seconds without compiling; the load average \
                is that of the minute before.\n\n| | seconds | load average |\n| --- | ---: | ---: |\n";
    table(text, "Parts", head, measured.group(&["part"]).map(|rest| rest.join(" | ")));
}

fn instructions(text: &mut String, measured: &Measured) {
    let head = "These do not move with the machine's load.\n\n| | |\n| --- | ---: |\n";
    let names = ["decode/block", "decode/textbook-nom", "encode/block", "encode/rows"];
    let rows = names.into_iter().filter_map(|name| {
        let count = measured.number(&[name], 0).ok()?;
        Some(format!("`{name}` | {count:.0}"))
    });
    table(text, "Instructions for a bet", head, rows);
}

fn store(text: &mut String, measured: &Measured) {
    let head = "Through the committer into the log, beside the same rows appended to a file and synced.\n\n\
                | batches | ns for a batch | × the same rows written and synced raw |\n| ---: | ---: | ---: |\n";
    let rows = ["1", "5", "40", "200"].into_iter().filter_map(|size| {
        let group = format!("store {size}");
        let number = |column| measured.number(&[&group, "committer"], column).ok();
        Some(format!("{size} | {:.0} | {:.2}", number(0)?, number(1)?))
    });
    table(text, "Groups of batches made durable", head, rows);
}

/// Appends the table of concurrent producers' batches.
fn producers(text: &mut String, measured: &Measured) {
    let head = "Each producer sends a batch and waits until it is durable before it sends the next.\n\n| producers | ns \
                for a batch, by groups | with a sync for each | by groups × with a sync for each |\n| ---: | ---: | \
                ---: | ---: |\n";
    let rows = ["5", "100"].into_iter().filter_map(|producers| {
        let group = format!("producers {producers}");
        let number = |taken, column| measured.number(&[&group, taken], column).ok();
        let [together, singly] = [number("together", 0)?, number("singly", 0)?];
        Some(format!("{producers} | {together:.0} | {singly:.0} | {:.2}", number("together", 1)?))
    });
    table(text, "Batches of many producers made durable", head, rows);
}

fn ingest(text: &mut String, measured: &Measured) {
    let head = "![Durable ingest](ingest.svg)\n\nA server and its clients as processes, and the same bets for all. `sink` \
                appends the packets that it receives, syncs and acknowledges, and looks at none; `zeroed` does so in files \
                of zeros that are made ahead. The others are the sink with something else behind it, which makes each \
                group durable before it is acknowledged: `sqlite` in a transaction (WAL, `synchronous = FULL`), \
                `postgres` by a `COPY`, `redis` by an `RPUSH` for each batch (`appendfsync always`), `nats` by a message \
                for each batch (JetStream, `sync_interval: always`). Their processor time counts as the server's; the \
                memory of PostgreSQL, Redis and NATS does not.\n\n| window | | Mbets/s | × the sink's time | p50 µs | \
                p99 µs | server CPU s for a million bets | agencies' | peak MiB |\n| ---: | --- | ---: | ---: | ---: | \
                ---: | ---: | ---: | ---: |\n";
    let rows = ["1", "16"].into_iter().flat_map(|window| {
        let sync = measured.number(&["sync", window], 0).ok();
        let sync = sync
            .map(|sync| format!("{window} | *a lone write and sync of a block* | | | {sync:.0} | | | | "));
        let rows: Vec<String> = measured
            .group(&["ingest", window])
            .map(|rest| format!("{window} | {}", rest.join(" | ")))
            .chain(sync)
            .collect();
        rows
    });
    table(text, "Durable ingest", head, rows);
}

fn receiving(text: &mut String, measured: &Measured) {
    let head = "The processor time of a server for a gigabyte of batches, each acknowledged. `loop` reads packet \
                after packet and looks at none; `driver` is our driver with a machine that looks at none; `server` is the \
                driver with the protocol's machine, which validates every bet; `lottery` is the whole lottery with a \
                store that keeps nothing.\n\n| | | CPU s for a GB | × `loop` | GB/s |\n| --- | --- | ---: | ---: | \
                ---: |\n";
    table(text, "Receiving", head, of_runtimes(measured, "receive"));
}

/// Appends the tables of sessions on the wire and on a long line.
fn sessions(text: &mut String, measured: &Measured) {
    let head = "For a million bets of an agency, over the loopback interface: bytes that TCP carries, and processor time \
                with a store that keeps nothing.\n\n| window | | MB up | MB down | server CPU s | agency CPU s |\n\
                | ---: | --- | ---: | ---: | ---: | ---: |\n";
    let rows = ["1", "16"].into_iter().flat_map(|window| {
        let rows: Vec<String> = measured
            .group(&["sessions", window])
            .map(|rest| format!("{window} | {}", rest.join(" | ")))
            .collect();
        rows
    });
    table(text, "Sessions on the wire", head, rows);
    let head = "Bets that the server's program acknowledges on a line with a round trip of 100 ms, beside `copy`, a bare \
                copy of the same bytes. Each has one connection.\n\n| | MB/s | × `copy` |\n| --- | ---: | ---: |\n";
    table(text, "Sessions on a long line", head, measured.group(&["line"]).map(|rest| rest.join(" | ")));
}

/// Appends the table of idle connections, and that of the lotteries beside them.
fn connections(text: &mut String, measured: &Measured) {
    let head = "Connections that say nothing. Memory is what the process has of its own, without the \
                system's side of the sockets; processor time is what all of them together use while nothing happens.\n\n\
                | | connections | bytes of one | accepted in a second | CPU s in a second |\n\
                | --- | ---: | ---: | ---: | ---: |\n";
    table(text, "Many connections", head, of_runtimes(measured, "connections"));
    let head = "Those stay, and so many agencies come at once, with a small batch each. Time from the first connection to \
                the last list of winners.\n\n| | dialect | agencies | seconds |\n| --- | --- | ---: | ---: |\n";
    table(text, "A lottery beside many connections", head, of_runtimes(measured, "crowd"));
}

fn lottery(text: &mut String, measured: &Measured) {
    let head = "A server and five agencies as processes, with the files of the input, from the start of the agencies to \
                the last list of winners; processor time is that of all six. Ours store durably. `plain` are stand-ins for \
                the programs that students begin with, **written by us for this comparison**: a server in Python (a thread \
                for each connection, a read for each message, `csv` for the file, no sync), and compiled agencies that \
                read with `csv`, write with `write!` and wait for each reply. Agencies ask for winners every 20 ms, where \
                they have to ask.\n\n| | | CPU s | × `plain` | s | × `plain` |\n| --- | --- | ---: | ---: | ---: | \
                ---: |\n";
    let rows = ["block", "braces", "framed"].into_iter().flat_map(|dialect| {
        let rows: Vec<String> = measured
            .group(&["lottery", dialect])
            .map(|rest| format!("{dialect} | {}", rest.join(" | ")))
            .collect();
        rows
    });
    table(text, "A whole lottery", head, rows);
}

fn large(text: &mut String, measured: &Measured) {
    let head = "Bets come from five agencies with a window of 16 batches, and are durable. The draw is timed from the last \
                Finished to the winners, the start from that of the process to its first reply.\n\n| | | |\n| --- | --- | \
                ---: |\n";
    table(text, "Millions of bets", head, of_runtimes(measured, "large"));
}
