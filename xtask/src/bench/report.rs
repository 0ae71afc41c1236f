//! Text of the report, and the data of its plots.

use std::fmt::Write as _;

use super::Error;
use super::goals::{Goal, goals};
use super::measured::Measured;
use super::plot::Bar;

const RUNTIMES: [&str; 3] = ["tokio", "std", "smol"];

/// Returns the text of `REPORT.md`.
pub(super) fn text(measured: &Measured, machine: &str) -> Result<String, Error> {
    let mut text = format!(
        "# Costs\n\nWritten by `cargo xtask bench-report`, on: {machine}.\n\nTimes are medians, of contenders that \
         take turns; ratios are medians of each turn's ratios. Only ratios mean something on another machine. \
         [BOUNDS.md](BOUNDS.md) names the bounds of those that do not hold.\n\n\
         ## Goals\n\n| | at most | found | |\n| --- | ---: | ---: | --- |\n"
    );
    for goal in goals(measured)? {
        let verdict = if goal.holds() { "holds" } else { "**not yet**" };
        let Goal { what, most, found, unit } = goal;
        let _ = writeln!(text, "| {what} | {most:.2} {unit} | {found:.2} {unit} | {verdict} |");
    }
    text += "\n## Instructions for a bet\n\nThese do not move with the machine's load.\n\n| | |\n| --- | ---: |\n";
    for (group, names) in [("decode", ["block", "textbook-nom"]), ("encode", ["block", "rows"])] {
        for name in names {
            let name = format!("{group}/{name}");
            let _ = writeln!(text, "| `{name}` | {:.0} |", measured.number(&[&name], 0)?);
        }
    }
    for (title, group, first) in [
        ("Decoding", "decode", "block"),
        ("Encoding", "encode", "block"),
        ("Through the machines of a server", "machine", "decode"),
    ] {
        let _ = write!(
            text,
            "\n## {title}\n\n![{title}]({group}.svg)\n\n| | ns for a bet | × `{first}` |\n| --- | ---: | ---: |\n"
        );
        for rest in measured.group(&[group]) {
            if let [name, nanos, ratio] = rest {
                let _ = writeln!(text, "| `{name}` | {nanos} | {ratio} |");
            }
        }
    }
    text += "\n## Groups of batches made durable\n\n| batches | ns for a batch | × the same rows written and synced raw \
             |\n| ---: | ---: | ---: |\n";
    for size in ["1", "5", "40", "200"] {
        let group = format!("store {size}");
        let (nanos, ratio) =
            (measured.number(&[&group, "committer"], 0)?, measured.number(&[&group, "committer"], 1)?);
        let _ = writeln!(text, "| {size} | {nanos:.0} | {ratio:.2} |");
    }
    producers(&mut text, measured)?;
    text += "\n## Durable ingest\n\n![Durable ingest](ingest.svg)\n\nA server and its clients as processes. The sink appends \
             the same blocks, syncs and acknowledges, and looks at none; `sqlite` and `postgres` are the sink with a \
             database behind it, which makes each group durable in a transaction.\n\n| window | | Mbets/s | × the sink's time | p50 \
             µs | p99 µs | server CPU s for a million bets | agencies' | peak MiB |\n| ---: | --- | ---: | ---: | ---: | \
             ---: | ---: | ---: | ---: |\n";
    for window in ["1", "16"] {
        for rest in measured.group(&["ingest", window]) {
            let _ = writeln!(text, "| {window} | {} |", rest.join(" | "));
        }
        let sync = measured.number(&["sync", window], 0)?;
        let _ = writeln!(text, "| {window} | *a lone write and sync of a block* | | | {sync:.0} | | | | |");
    }
    receiving(&mut text, measured)?;
    connections(&mut text, measured)?;
    Ok(text)
}

/// Appends the table of the cost of receiving.
fn receiving(text: &mut String, measured: &Measured) -> Result<(), Error> {
    *text += "\n## Receiving\n\nThe processor time of a server for a gigabyte of blocks, each acknowledged. `loop` reads block \
              after block and looks at none; `driver` is our driver with a machine that looks at none; `server` is the driver \
              with the protocol's machine, which validates every bet; `lottery` is the whole lottery with a store that keeps \
              nothing.\n\n| | | CPU s for a GB | × `loop` | GB/s |\n| --- | --- | ---: | ---: | ---: |\n";
    for runtime in RUNTIMES {
        measured.number(&["receive", runtime, "server"], 0)?;
        for rest in measured.group(&["receive", runtime]) {
            let _ = writeln!(text, "| {runtime} | {} |", rest.join(" | "));
        }
    }
    Ok(())
}

/// Appends the table of concurrent producers' batches.
fn producers(text: &mut String, measured: &Measured) -> Result<(), Error> {
    *text += "\n## Batches of many producers made durable\n\nEach producer sends a batch and waits until it is durable before it \
              sends the next.\n\n| producers | ns for a batch, by groups | with a sync for each | by groups × with a sync for \
              each |\n| ---: | ---: | ---: | ---: |\n";
    for producers in ["5", "100"] {
        let group = format!("producers {producers}");
        let (singly, together) =
            (measured.number(&[&group, "singly"], 0)?, measured.number(&[&group, "together"], 0)?);
        let ratio = measured.number(&[&group, "together"], 1)?;
        let _ = writeln!(text, "| {producers} | {together:.0} | {singly:.0} | {ratio:.2} |");
    }
    Ok(())
}

/// Appends the table of idle connections, and that of the lotteries beside them.
fn connections(text: &mut String, measured: &Measured) -> Result<(), Error> {
    *text += "\n## Many connections\n\nConnections that say nothing. Memory is what the process has of its own, without the \
              system's side of the sockets; processor time is what all of them together use while nothing happens.\n\n\
              | | connections | bytes of one | accepted in a second | CPU s in a second |\n\
              | --- | ---: | ---: | ---: | ---: |\n";
    for runtime in RUNTIMES {
        measured.number(&["connections", runtime], 0)?;
        for rest in measured.group(&["connections", runtime]) {
            let _ = writeln!(text, "| {runtime} | {} |", rest.join(" | "));
        }
    }
    *text += "\nA lottery while those stay: so many agencies at once, a small batch each, from the first connection to the last \
              list of winners.\n\n| | dialect | agencies | seconds |\n| --- | --- | ---: | ---: |\n";
    for runtime in RUNTIMES {
        for rest in measured.group(&["crowd", runtime]) {
            let _ = writeln!(text, "| {runtime} | {} |", rest.join(" | "));
        }
    }
    Ok(())
}

/// Name of a plot, its title and its bars.
type Plot = (&'static str, &'static str, Vec<Bar>);

/// Returns the plots.
pub(super) fn plots(measured: &Measured) -> Result<Vec<Plot>, Error> {
    let mut plots = Vec::new();
    for (group, title, ours) in [
        ("decode", "Decoding a bet: time, as a multiple of ours", "block"),
        ("encode", "Encoding a bet: time, as a multiple of ours", "block"),
        ("machine", "A bet through a server's machines: time, as a multiple of decoding alone", "decode"),
    ] {
        let mut bars = Vec::new();
        for rest in measured.group(&[group]) {
            let [name, ..] = rest else { continue };
            let value = measured.number(&[group, name], 1)?;
            bars.push(Bar { name: name.clone(), value, ours: name == ours });
        }
        bars.sort_by(|one, other| one.value.total_cmp(&other.value));
        plots.push((group, title, bars));
    }
    let mut bars = Vec::new();
    for window in ["1", "16"] {
        for rest in measured.group(&["ingest", window]) {
            let [name, ..] = rest else { continue };
            let value = measured.number(&["ingest", window, name], 1)?;
            let ours = RUNTIMES.contains(&name.as_str());
            bars.push(Bar { name: format!("{name}, window {window}"), value, ours });
        }
    }
    plots.push(("ingest", "Durable ingest: time, as a multiple of a bare sink's", bars));
    Ok(plots)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns sample output of the measuring programs, without the database that is not installed
    /// everywhere.
    fn printed() -> String {
        let mut lines = Vec::new();
        for name in [
            "block",
            "separator-positions",
            "textbook-nom",
            "bincode",
            "rkyv",
            "postcard",
            "session",
            "fixed",
            "framed",
            "braces",
        ] {
            lines.push(format!("decode,{name},20.0,2.0"));
        }
        for name in ["block", "block-csv-write", "memcpy"] {
            lines.push(format!("encode,{name},90.0,0.5"));
        }
        for name in ["decode/block", "decode/textbook-nom", "encode/block", "encode/rows"] {
            lines.push(format!("{name},345.0"));
        }
        lines.push("machine,server,21.0,1.05".to_owned());
        for size in [1, 5, 40, 200] {
            lines.push(format!("store {size},committer,60000,1.5"));
        }
        for producers in [5, 100] {
            lines.push(format!("producers {producers},singly,400000,1.0"));
            lines.push(format!("producers {producers},together,100000,0.25"));
        }
        for window in [1, 16] {
            for name in ["sink", "tokio", "std", "smol", "sqlite"] {
                lines.push(format!("ingest,{window},{name},1.5,2.5,300,900,0.5,0.1,15.0"));
            }
            lines.push(format!("sync,{window},150"));
        }
        for runtime in RUNTIMES {
            lines.push(format!("receive,{runtime},driver,0.200,0.250,2.00"));
            lines.push(format!("receive,{runtime},server,0.500,0.625,1.00"));
            lines.push(format!("connections,{runtime},10000,1024,20000,0.0000"));
            lines.push(format!("crowd,{runtime},braces,1000,0.500"));
        }
        lines.join("\n")
    }

    #[test]
    fn all_that_was_measured_is_in_the_report() {
        let printed = printed();
        let measured = Measured::parse(&[&printed]);
        let text = text(&measured, "a machine").unwrap();
        for line in [
            "| batches of 5 producers by groups, of one sync for each | 0.50 × | 0.25 × | holds |",
            "| batches of 100 producers by groups, of one sync for each | 0.08 × | 0.25 × | **not yet** |",
            "| processor time to receive on std, of a plain loop's | 0.65 × | 0.25 × | holds |",
            "| processor time to receive and validate on std, of a plain loop's | 0.65 × | 0.62 × | holds |",
            "| the memory of a connection that says nothing, on tokio | 2.00 KiB | 1.00 KiB | holds |",
            "| 5 | 100000 | 400000 | 0.25 |",
            "| 16 | sqlite | 1.5 | 2.5 | 300 | 900 | 0.5 | 0.1 | 15.0 |",
            "| smol | server | 0.500 | 0.625 | 1.00 |",
            "| tokio | 10000 | 1024 | 20000 | 0.0000 |",
            "| std | braces | 1000 | 0.500 |",
        ] {
            assert!(text.contains(line), "{line} is not in:\n{text}");
        }
        assert_eq!(plots(&measured).unwrap().len(), 4);
    }

    #[test]
    fn without_something_there_is_no_report() {
        let printed = printed();
        for missing in ["connections,smol", "receive,std", "producers 100"] {
            let rest: Vec<&str> = printed.lines().filter(|line| !line.starts_with(missing)).collect();
            assert!(text(&Measured::parse(&[&rest.join("\n")]), "a machine").is_err(), "{missing}");
        }
    }
}
