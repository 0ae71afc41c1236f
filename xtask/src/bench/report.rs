//! Text of the report.

use std::fmt::Write as _;

use super::goals::{Goal, goals};
use super::measured::Measured;
use super::tables;

/// Returns the text of `REPORT.md`.
pub(super) fn text(measured: &Measured, machine: &str) -> String {
    let mut text = format!(
        "# Costs\n\nWritten by `cargo xtask bench-report`, on: {machine}.\n\nTimes are medians, of contenders that \
         take turns; ratios are medians of each turn's ratios. Only ratios mean something on another machine. \
         [BOUNDS.md](BOUNDS.md) names the bounds of those that do not hold.\n\n\
         ## Goals\n\n| | at most | found | |\n| --- | ---: | ---: | --- |\n"
    );
    for Goal { what, most, found, unit } in goals(measured) {
        let digits = if most < 0.1 { 3 } else { 2 };
        let (found, verdict) = match found {
            Ok(found) if found <= most => (format!("{found:.digits$} {unit}"), "holds"),
            Ok(found) => (format!("{found:.digits$} {unit}"), "**not yet**"),
            Err(_) => (String::new(), "*not measured*"),
        };
        let _ = writeln!(text, "| {what} | {most:.digits$} {unit} | {found} | {verdict} |");
    }
    text + &tables::all(measured)
}

#[cfg(test)]
mod tests {
    use super::super::plots::plots;
    use super::super::tables::RUNTIMES;
    use super::*;

    /// Returns sample output of the measuring programs.
    fn printed() -> String {
        let mut lines = vec!["part,ratios,70,0.10".to_owned()];
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
        lines.push("read,agency-file-to-blocks,36.5,1.2".to_owned());
        for name in ["block", "block-csv-write", "memcpy"] {
            lines.push(format!("encode,{name},90.0,0.5"));
        }
        for name in ["decode/block", "decode/textbook-nom", "encode/block", "encode/rows"] {
            lines.push(format!("{name},345.0"));
        }
        for name in ["server", "lottery"] {
            lines.push(format!("machine,{name},21.0,1.05"));
        }
        for size in [1, 5, 40, 200] {
            lines.push(format!("store {size},committer,60000,1.5"));
        }
        for producers in [5, 100] {
            lines.push(format!("producers {producers},singly,400000,1.0"));
            lines.push(format!("producers {producers},together,100000,0.25"));
        }
        for window in [1, 16] {
            for name in ["sink", "zeroed", "tokio", "std", "smol", "sqlite", "postgres"] {
                lines.push(format!("ingest,{window},{name},1.5,2.5,300,900,0.5,0.1,15.0"));
                for other in ["sink", "zeroed", "sqlite", "postgres"] {
                    lines.push(format!("ingest-beside,{window},{name},{other},1.2"));
                }
            }
            lines.push(format!("sync,{window},150"));
        }
        for runtime in RUNTIMES {
            lines.push(format!("receive,{runtime},driver,0.200,0.250,2.00"));
            lines.push(format!("receive,{runtime},server,0.500,0.625,1.00"));
            lines.push(format!("sessions,1,{runtime},48.650,0.065,0.100,0.080"));
            lines.push(format!("line,{runtime},16.00,0.800"));
            lines.push(format!("connections,{runtime},10000,1024,20000,0.0000"));
            lines.push(format!("crowd,{runtime},braces,1000,0.500"));
            for dialect in ["block", "braces", "framed"] {
                lines.push(format!("lottery,{dialect},{runtime},0.050,0.0400,0.200,0.300"));
            }
            for what in [
                "peak MiB with 5 million bets,10.0",
                "peak MiB with 20 million bets,12.0",
                "s: draw over 20 million bets,0.3",
                "s: start after a kill at 5 million bets,0.033",
                "s: start after a kill at 40 million bets,0.5",
            ] {
                lines.push(format!("large,{runtime},{what}"));
            }
        }
        lines.join("\n")
    }

    #[test]
    fn all_that_was_measured_is_in_the_report() {
        let printed = printed();
        let measured = Measured::parse(&[&printed]);
        let text = text(&measured, "a machine");
        for line in [
            "| ingest on std, window 16, of an append sink's time | 1.25 × | 1.20 × | holds |",
            "| ingest on smol, window 16, of PostgreSQL's time | 0.12 × | 1.20 × | **not yet** |",
            "| the server's processor time for a million bets on tokio, window 16 | 0.13 s | 0.50 s | **not yet** |",
            "| an acknowledgement on tokio, window 1, p50, of a lone sync | 3.00 × | 2.00 × | holds |",
            "| a bet from the agency's file to a block | 50.00 ns | 36.50 ns | holds |",
            "| the peak memory with 20 million bets on std | 16.00 MiB | 12.00 MiB | holds |",
            "| … of that with 5 million on std | 1.10 × | 1.20 × | **not yet** |",
            "| the start after a kill at 5 million bets on smol | 0.050 s | 0.033 s | holds |",
            "| whole lottery in `block` on tokio, processor time, of the stand-ins' | 0.050 × | 0.040 × | holds |",
            "| whole lottery in `framed` on tokio, time, of the stand-ins' | 0.40 × | 0.30 × | holds |",
            "| batches of 5 producers by groups, of one sync for each | 0.50 × | 0.25 × | holds |",
            "| batches of 100 producers by groups, of one sync for each | 0.083 × | 0.250 × | **not yet** |",
            "| processor time to receive on std, of a plain loop's | 0.65 × | 0.25 × | holds |",
            "| a bare copy's rate on a line of 100 ms, of a session's on smol | 1.43 × | 1.25 × | holds |",
            "| the memory of an idle connection on tokio | 2.00 KiB | 1.00 KiB | holds |",
            "| 5 | 100000 | 400000 | 0.25 |",
            "| 16 | sqlite | 1.5 | 2.5 | 300 | 900 | 0.5 | 0.1 | 15.0 |",
            "| smol | server | 0.500 | 0.625 | 1.00 |",
            "| 1 | std | 48.650 | 0.065 | 0.100 | 0.080 |",
            "| std | 16.00 | 0.800 |",
            "| tokio | 10000 | 1024 | 20000 | 0.0000 |",
            "| std | braces | 1000 | 0.500 |",
            "| block | smol | 0.050 | 0.0400 | 0.200 | 0.300 |",
            "| std | peak MiB with 20 million bets | 12.0 |",
            "| ratios | 70 | 0.10 |",
        ] {
            assert!(text.contains(line), "{line} is not in:\n{text}");
        }
        assert!(!text.contains("not measured"), "{text}");
        assert_eq!(plots(&measured).len(), 4);
    }

    #[test]
    fn what_was_not_measured_is_named() {
        let printed = printed();
        for (missing, goal) in [
            (
                "connections,smol",
                "| the memory of an idle connection on smol | 2.00 KiB |  | *not measured* |",
            ),
            ("ingest", "| ingest on std, window 1, of SQLite's time | 0.55 × |  | *not measured* |"),
            ("large,smol", "| the draw over 20 million bets on smol | 0.40 s |  | *not measured* |"),
        ] {
            let rest: Vec<&str> = printed.lines().filter(|line| !line.starts_with(missing)).collect();
            let text = text(&Measured::parse(&[&rest.join("\n")]), "a machine");
            assert!(text.contains(goal), "{goal} is not in:\n{text}");
        }
    }
}
