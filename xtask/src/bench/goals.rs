//! Goals of the measurements: ratios of one run, and figures that do not depend on the machine.

use super::Error;
use super::measured::Measured;

/// Goal that a measurement has to reach.
pub(super) struct Goal {
    pub(super) what: String,
    /// Largest value that reaches the goal.
    pub(super) most: f64,
    pub(super) found: f64,
    pub(super) unit: &'static str,
}

impl Goal {
    pub(super) fn holds(&self) -> bool {
        self.found <= self.most
    }
}

/// Returns all goals. Returns an error that names the first missing measurement.
pub(super) fn goals(measured: &Measured) -> Result<Vec<Goal>, Error> {
    let mut goals = Vec::new();
    let mut add = |what: String, most, found| goals.push(Goal { what, most, found, unit: "×" });
    for (name, what, most) in [
        ("textbook-nom", "a textbook `nom` decoder", 0.33),
        ("separator-positions", "the place of every `\\|`", 1.25),
        ("bincode", "`bincode` 2", 0.90),
        ("rkyv", "`rkyv`", 0.65),
        ("postcard", "`postcard`", 0.65),
    ] {
        // The measured ratio is theirs to ours; the goal is ours to theirs.
        let theirs = measured.number(&["decode", name], 1)?;
        add(format!("decoding, of {what}"), most, 1.0 / theirs);
    }
    for name in ["session", "fixed", "framed", "braces"] {
        let found = measured.number(&["decode", name], 1)?;
        add(format!("decoding `{name}` through the machine, of `block`"), 4.0, found);
    }
    add("encoding, of copying the blocks".into(), 1.6, 1.0 / measured.number(&["encode", "memcpy"], 1)?);
    let theirs = measured.number(&["encode", "block-csv-write"], 1)?;
    add("encoding, of `csv` and `write!`".into(), 1.0 / 9.0, 1.0 / theirs);
    add("the server's machine, of decoding".into(), 1.15, measured.number(&["machine", "server"], 1)?);
    for runtime in ["tokio", "std", "smol"] {
        for (window, most) in [("16", 1.5), ("1", 1.25)] {
            let found = measured.number(&["ingest", window, runtime], 1)?;
            add(format!("ingest on {runtime}, window {window}, of the bare sink's time"), most, found);
        }
        let p50 = measured.number(&["ingest", "1", runtime], 2)?;
        let sync = measured.number(&["sync", "1"], 0)?;
        add(format!("an acknowledgement on {runtime}, of a lone sync"), 3.0, p50 / sync);
    }
    let mut times = Vec::new();
    for runtime in ["tokio", "std", "smol"] {
        times.push(measured.number(&["ingest", "16", runtime], 1)?);
    }
    let (least, most) = times.iter().fold((f64::MAX, 0.0_f64), |(a, b), time| (a.min(*time), b.max(*time)));
    add("ingest, window 16: the slowest runtime, of the fastest".into(), 1.3, most / least);
    for runtime in ["tokio", "std", "smol"] {
        for (kind, does) in [("driver", "receive"), ("server", "receive and validate")] {
            let found = measured.number(&["receive", runtime, kind], 1)?;
            add(format!("processor time to {does} on {runtime}, of a plain loop's"), 0.65, found);
        }
    }
    for (producers, most) in [("5", 1.0 / 2.0), ("100", 1.0 / 12.0)] {
        let found = measured.number(&[&format!("producers {producers}"), "together"], 1)?;
        add(format!("batches of {producers} producers by groups, of one sync for each"), most, found);
    }
    for runtime in ["tokio", "smol"] {
        let found = measured.number(&["connections", runtime], 1)? / 1024.0;
        let what = format!("the memory of a connection that says nothing, on {runtime}");
        goals.push(Goal { what, most: 2.0, found, unit: "KiB" });
    }
    Ok(goals)
}
