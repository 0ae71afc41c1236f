//! Goals of the measurements: ratios of one run, and some figures in units of their own.

use super::Error;
use super::measured::Measured;
use super::tables::RUNTIMES;

/// Goal that a measurement has to reach.
#[derive(Debug)]
pub(super) struct Goal {
    pub(super) what: String,
    /// Largest value that reaches the goal.
    pub(super) most: f64,
    /// Value that was measured, or the measurement that is missing.
    pub(super) found: Result<f64, Error>,
    pub(super) unit: &'static str,
}

/// Returns all goals.
pub(super) fn goals(measured: &Measured) -> Vec<Goal> {
    let mut goals = Vec::new();
    ingest(&mut goals, measured);
    bets(&mut goals, measured);
    large(&mut goals, measured);
    lottery(&mut goals, measured);
    others(&mut goals, measured);
    goals
}

fn times(what: String, most: f64, found: Result<f64, Error>) -> Goal {
    Goal { what, most, found, unit: "×" }
}

/// Adds the goals of durable ingest.
fn ingest(goals: &mut Vec<Goal>, measured: &Measured) {
    let beside = |window, runtime, other| measured.number(&["ingest-beside", window, runtime, other], 0);
    for (window, other, what, most) in [
        ("16", "sink", "an append sink's time", 1.25),
        ("1", "sink", "an append sink's time", 1.05),
        ("16", "zeroed", "the time of a sink with zeroed segments", 1.5),
        ("1", "zeroed", "the time of a sink with zeroed segments", 1.45),
        ("16", "sqlite", "SQLite's time", 0.25),
        ("1", "sqlite", "SQLite's time", 0.55),
        ("16", "postgres", "PostgreSQL's time", 0.12),
    ] {
        for runtime in RUNTIMES {
            let what = format!("ingest on {runtime}, window {window}, of {what}");
            goals.push(times(what, most, beside(window, runtime, other)));
        }
    }
    for (window, most) in [("16", 0.13), ("1", 0.45)] {
        for runtime in RUNTIMES {
            let what =
                format!("the server's processor time for a million bets on {runtime}, window {window}");
            let found = measured.number(&["ingest", window, runtime], 4);
            goals.push(Goal { what, most, found, unit: "s" });
        }
    }
    for runtime in RUNTIMES {
        let p50 = measured.number(&["ingest", "1", runtime], 2);
        let found = p50.and_then(|p50| Ok(p50 / measured.number(&["sync", "1"], 0)?));
        goals.push(times(
            format!("an acknowledgement on {runtime}, window 1, p50, of a lone sync"),
            3.0,
            found,
        ));
    }
    let all: Result<Vec<f64>, Error> =
        RUNTIMES.iter().map(|runtime| measured.number(&["ingest", "16", runtime], 1)).collect();
    let found = all.map(|all| {
        let (least, most) = all.iter().fold((f64::MAX, 0.0_f64), |(a, b), time| (a.min(*time), b.max(*time)));
        most / least
    });
    goals.push(times("ingest, window 16: the slowest runtime, of the fastest".into(), 1.3, found));
}

/// Adds the goals of a bet on its way between bytes and rows.
fn bets(goals: &mut Vec<Goal>, measured: &Measured) {
    let decode = |name| measured.number(&["decode", name], 1);
    let lottery = measured.number(&["machine", "lottery"], 1);
    goals.push(times("a connection with a store that keeps nothing, of bare decoding".into(), 2.0, lottery));
    let server = measured.number(&["machine", "server"], 1);
    goals.push(times("the server's machine, of bare decoding".into(), 1.15, server));
    for (name, most) in [("session", 1.5), ("fixed", 3.0), ("framed", 3.0), ("braces", 3.0)] {
        goals.push(times(
            format!("decoding `{name}` through the machine, of decoding `block`"),
            most,
            decode(name),
        ));
    }
    for (name, what, most) in [
        ("separator-positions", "the place of every `\\|`", 1.10),
        ("textbook-nom", "a textbook `nom` decoder", 0.33),
        ("bincode", "`bincode` 2", 0.90),
        ("rkyv", "`rkyv`", 0.65),
        ("postcard", "`postcard`", 0.65),
    ] {
        // The measured ratio is theirs to ours; the goal is ours to theirs.
        goals.push(times(format!("decoding, of {what}"), most, decode(name).map(|theirs| 1.0 / theirs)));
    }
    for (name, what, most) in
        [("memcpy", "copying the blocks", 1.6), ("block-csv-write", "`csv` and `write!`", 1.0 / 9.0)]
    {
        let theirs = measured.number(&["encode", name], 1);
        goals.push(times(format!("encoding, of {what}"), most, theirs.map(|theirs| 1.0 / theirs)));
    }
    let found = measured.number(&["read", "agency-file-to-blocks"], 0);
    goals.push(Goal {
        what: "a bet from the agency's file to a block".into(),
        most: 50.0,
        found,
        unit: "ns",
    });
}

/// Adds the goals of lotteries of millions of bets, and of idle connections.
fn large(goals: &mut Vec<Goal>, measured: &Measured) {
    let large = |runtime, what| measured.number(&["large", runtime, what], 0);
    for runtime in RUNTIMES {
        let [few, many] = ["peak MiB with 5 million bets", "peak MiB with 20 million bets"];
        let what = format!("the peak memory with 20 million bets on {runtime}");
        goals.push(Goal { what, most: 16.0, found: large(runtime, many), unit: "MiB" });
        let found = large(runtime, many).and_then(|many| Ok(many / large(runtime, few)?));
        goals.push(times(format!("… of that with 5 million on {runtime}"), 1.1, found));
    }
    for runtime in RUNTIMES {
        let found = large(runtime, "s: draw over 20 million bets");
        let what = format!("the draw over 20 million bets on {runtime}");
        goals.push(Goal { what, most: 0.4, found, unit: "s" });
    }
    for runtime in RUNTIMES {
        let found = large(runtime, "s: start after a kill at 5 million bets");
        let what = format!("the start after a kill at 5 million bets on {runtime}");
        goals.push(Goal { what, most: 0.05, found, unit: "s" });
    }
    let found = large("tokio", "s: start after a kill at 40 million bets");
    goals.push(Goal { what: "… at 40 million on tokio".into(), most: 1.0, found, unit: "s" });
    for runtime in ["tokio", "smol"] {
        let found = measured.number(&["connections", runtime], 1).map(|bytes| bytes / 1024.0);
        let what = format!("the memory of an idle connection on {runtime}");
        goals.push(Goal { what, most: 2.0, found, unit: "KiB" });
    }
}

/// Adds the goals of a whole lottery.
fn lottery(goals: &mut Vec<Goal>, measured: &Measured) {
    for (dialect, most) in [("block", 1.0 / 20.0), ("braces", 1.0 / 8.0), ("framed", 1.0 / 3.0)] {
        for runtime in RUNTIMES {
            let what =
                format!("whole lottery in `{dialect}` on {runtime}, processor time, of the stand-ins'");
            goals.push(times(what, most, measured.number(&["lottery", dialect, runtime], 1)));
        }
    }
    for runtime in RUNTIMES {
        let what = format!("whole lottery in `framed` on {runtime}, time, of the stand-ins'");
        goals.push(times(what, 0.4, measured.number(&["lottery", "framed", runtime], 3)));
    }
}

/// Adds the goals of receiving, of a long line, and of many producers.
fn others(goals: &mut Vec<Goal>, measured: &Measured) {
    for runtime in RUNTIMES {
        for (kind, does) in [("driver", "receive"), ("server", "receive and validate")] {
            let found = measured.number(&["receive", runtime, kind], 1);
            goals.push(times(
                format!("processor time to {does} on {runtime}, of a plain loop's"),
                0.65,
                found,
            ));
        }
    }
    for runtime in RUNTIMES {
        // The measured ratio is ours to theirs; the goal is theirs to ours.
        let found = measured.number(&["line", runtime], 1).map(|ours| 1.0 / ours);
        let what = format!("a bare copy's rate on a line of 100 ms, of a session's on {runtime}");
        goals.push(times(what, 1.0 / 0.7, found));
    }
    for (producers, most) in [("5", 1.0 / 2.0), ("100", 1.0 / 12.0)] {
        let found = measured.number(&[&format!("producers {producers}"), "together"], 1);
        goals.push(times(
            format!("batches of {producers} producers by groups, of one sync for each"),
            most,
            found,
        ));
    }
}
