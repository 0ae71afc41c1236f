//! Data of the plots.

use super::measured::Measured;
use super::plot::Bar;
use super::tables::RUNTIMES;

/// Name of a plot, its title and its bars.
pub(super) type Plot = (&'static str, &'static str, Vec<Bar>);

/// Returns the plots of what was measured.
pub(super) fn plots(measured: &Measured) -> Vec<Plot> {
    let mut plots = Vec::new();
    for (group, title, ours) in [
        ("decode", "Decoding a bet: time, as a multiple of ours", "block"),
        ("encode", "Encoding a bet: time, as a multiple of ours", "block"),
        ("machine", "A bet through a server's machines: time, as a multiple of decoding alone", "decode"),
    ] {
        let mut bars = bars(measured, &[group], |name| (name.to_owned(), name == ours));
        bars.sort_by(|one, other| one.value.total_cmp(&other.value));
        plots.push((group, title, bars));
    }
    let mut ingest = Vec::new();
    for window in ["1", "16"] {
        let mut bars = bars(measured, &["ingest", window], |name| {
            (format!("{name}, window {window}"), RUNTIMES.contains(&name))
        });
        bars.sort_by(|one, other| one.value.total_cmp(&other.value));
        ingest.extend(bars);
    }
    plots.push(("ingest", "Durable ingest: time, as a multiple of a bare sink's", ingest));
    plots.retain(|(_, _, bars)| !bars.is_empty());
    plots
}

/// Returns a bar for each line of a group: its name is the first field behind the group's, and its length the third.
fn bars(measured: &Measured, group: &[&str], name_of: impl Fn(&str) -> (String, bool)) -> Vec<Bar> {
    let line = |rest: &[String]| {
        let (name, ours) = name_of(rest.first()?);
        Some(Bar { name, value: rest.get(2)?.parse().ok()?, ours })
    };
    measured.group(group).filter_map(line).collect()
}
