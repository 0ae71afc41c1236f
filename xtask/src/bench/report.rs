//! The report's text, and what its plots show.

use std::fmt::Write as _;

use super::Error;
use super::goals::goals;
use super::measured::Measured;
use super::plot::Bar;

/// The whole of `REPORT.md`.
pub(super) fn text(measured: &Measured, machine: &str) -> Result<String, Error> {
    let mut text = format!(
        "# What it costs\n\nWritten by `cargo xtask bench-report`, on: {machine}.\n\nTimes are medians, of contenders that \
         take turns; ratios are medians of each turn's ratios. Only ratios mean something on another machine.\n\n\
         ## Goals\n\n| time | at most | found | |\n| --- | ---: | ---: | --- |\n"
    );
    for goal in goals(measured)? {
        let verdict = if goal.holds() { "holds" } else { "**not yet**" };
        let _ = writeln!(text, "| {} | {:.2} × | {:.2} × | {verdict} |", goal.what, goal.most, goal.found);
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
        ("Through the machines of a centre", "machine", "decode"),
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
    text += "\n## Durable ingest\n\n![Durable ingest](ingest.svg)\n\nA centre and its agencies as processes. The sink appends \
             the same blocks, syncs and acknowledges, and looks at none.\n\n| window | | Mbets/s | × the sink's time | p50 \
             µs | p99 µs | server CPU s for a million bets | agencies' | peak MiB |\n| ---: | --- | ---: | ---: | ---: | \
             ---: | ---: | ---: | ---: |\n";
    for window in ["1", "16"] {
        for rest in measured.group(&["ingest", window]) {
            let _ = writeln!(text, "| {window} | {} |", rest.join(" | "));
        }
        let sync = measured.number(&["sync", window], 0)?;
        let _ = writeln!(text, "| {window} | *a lone write and sync of a block* | | | {sync:.0} | | | | |");
    }
    Ok(text)
}

/// The name of a plot, its title and its bars.
type Plot = (&'static str, &'static str, Vec<Bar>);

/// The plots.
pub(super) fn plots(measured: &Measured) -> Result<Vec<Plot>, Error> {
    let mut plots = Vec::new();
    for (group, title, ours) in [
        ("decode", "Decoding a bet: time, as a multiple of ours", "block"),
        ("encode", "Encoding a bet: time, as a multiple of ours", "block"),
        ("machine", "A bet through a centre's machines: time, as a multiple of decoding alone", "decode"),
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
        for name in ["sink", "tokio", "std", "smol"] {
            let value = measured.number(&["ingest", window, name], 1)?;
            bars.push(Bar { name: format!("{name}, window {window}"), value, ours: name != "sink" });
        }
    }
    plots.push(("ingest", "Durable ingest: time, as a multiple of a bare sink's", bars));
    Ok(plots)
}
