//! Outcome of a target, parsed from libFuzzer's output, and the table of all outcomes.

use std::fmt;

use lottery_testkit::table;

/// Outcome of a target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Outcome {
    pub(super) target: String,
    pub(super) executions: u64,
    /// Number of edges of the program that were reached.
    pub(super) coverage: u64,
    /// Number of inputs in the corpus.
    pub(super) corpus: u64,
    pub(super) seconds: u64,
    /// Message of the failure, and the path of the input that causes it.
    pub(super) finding: Option<String>,
}

impl Outcome {
    /// Parses libFuzzer's output. `success` is true if it exited with 0.
    pub(super) fn read(target: &str, success: bool, said: &str) -> Self {
        // Progress lines: `#4096 pulse  cov: 1405 ft: 4456 corp: 1020/71Kb lim: 256 exec/s: 2048 rss: 66Mb`
        let last = |key: &str| {
            let mut progress = said.lines().rev().filter(|line| line.starts_with('#'));
            progress.find_map(|line| number(line.split_once(key)?.1)).unwrap_or(0)
        };
        let stat = |key: &str| {
            said.lines().find_map(|line| number(line.strip_prefix(key)?.trim_start())).unwrap_or(0)
        };
        let done = said.lines().find_map(|line| number(line.split_once(" runs in ")?.1)).unwrap_or(0);
        Self {
            target: target.to_owned(),
            executions: stat("stat::number_of_executed_units:"),
            coverage: last(" cov: "),
            corpus: last(" corp: "),
            seconds: done,
            finding: (!success).then(|| finding(said)),
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { target, executions, coverage, seconds, .. } = self;
        write!(f, "{target}: {executions} executions in {seconds} s, coverage {coverage}")?;
        if self.finding.is_some() { f.write_str(", FOUND SOMETHING") } else { Ok(()) }
    }
}

/// Returns the number at the beginning of the text.
fn number(text: &str) -> Option<u64> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    text.get(..end)?.parse().ok()
}

/// Returns the message of the panic, or the last five lines without one, and the path of the input.
fn finding(said: &str) -> String {
    let lines: Vec<&str> = said.lines().collect();
    let panic = lines.iter().position(|line| line.contains(" panicked at "));
    let end = |from: usize| {
        let stack = |line: &&str| {
            line.starts_with("stack backtrace") || line.starts_with("note:") || line.starts_with("==")
        };
        lines[from..].iter().position(stack).map_or(lines.len(), |at| from + at)
    };
    let panic = panic.map_or(&lines[lines.len().saturating_sub(5)..], |at| &lines[at..end(at)]);
    let input =
        lines.iter().find_map(|line| line.split_once("Test unit written to ")).map_or("", |(_, path)| path);
    format!("{}\n{input}", panic.join("\n"))
}

/// Returns the table of each target and of the totals.
pub(super) fn table_of(outcomes: &[Outcome]) -> String {
    let row = |one: &Outcome| {
        let findings = u64::from(one.finding.is_some());
        let [seconds, executions, coverage, corpus, findings] =
            [one.seconds, one.executions, one.coverage, one.corpus, findings].map(|n| n.to_string());
        [one.target.clone(), seconds, executions, coverage, corpus, findings]
    };
    let sum = |of: fn(&Outcome) -> u64| outcomes.iter().map(of).sum::<u64>().to_string();
    let all = [
        "all".to_owned(),
        sum(|one| one.seconds),
        sum(|one| one.executions),
        String::new(),
        sum(|one| one.corpus),
        sum(|one| u64::from(one.finding.is_some())),
    ];
    let header = ["target", ">seconds", ">executions", ">coverage", ">corpus", ">findings"];
    table(header, outcomes.iter().map(row).chain([all]))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "\
INFO: seed corpus: files: 40 min: 1b max: 4096b total: 9000b rss: 40Mb
#41\tINITED cov: 756 ft: 1200 corp: 38/8Kb exec/s: 0 rss: 41Mb
#4096\tpulse  cov: 1405 ft: 4456 corp: 1020/71Kb lim: 256 exec/s: 2048 rss: 66Mb
#380862\tDONE   cov: 1406 ft: 4460 corp: 1021/72Kb lim: 256 exec/s: 29297 rss: 80Mb
Done 380862 runs in 13 second(s)
stat::number_of_executed_units: 380862
stat::average_exec_per_sec:     29297
";

    const BAD: &str = "\
#41\tINITED cov: 756 ft: 1200 corp: 38/8Kb exec/s: 0 rss: 41Mb
thread '<unnamed>' (3028) panicked at src/server.rs:113:13:
it waits for nothing, for ever
stack backtrace:
   0: __rustc::rust_begin_unwind
==3028== ERROR: libFuzzer: deadly signal
artifact_prefix='/x/'; Test unit written to /x/crash-c791
stat::number_of_executed_units: 96849
";

    #[test]
    fn the_counts_and_failures_of_a_fuzzer_are_read() {
        let expected = Outcome {
            target: "fixed".to_owned(),
            executions: 380_862,
            coverage: 1406,
            corpus: 1021,
            seconds: 13,
            finding: None,
        };
        assert_eq!(Outcome::read("fixed", true, GOOD), expected);
        let bad = Outcome::read("server", false, BAD);
        let finding = "thread '<unnamed>' (3028) panicked at src/server.rs:113:13:\n\
                       it waits for nothing, for ever\n/x/crash-c791";
        assert_eq!((bad.finding.as_deref(), bad.executions), (Some(finding), 96_849));
        assert_eq!(bad.to_string(), "server: 96849 executions in 0 s, coverage 756, FOUND SOMETHING");
        assert!(Outcome::read("server", false, "").finding.is_some(), "whatever it says, it has failed");
    }

    #[test]
    fn the_table_has_each_target_and_their_total() {
        let outcomes = [Outcome::read("fixed", true, GOOD), Outcome::read("server", false, BAD)];
        let expected = "\
┌────────┬─────────┬────────────┬──────────┬────────┬──────────┐
│ target ┆ seconds ┆ executions ┆ coverage ┆ corpus ┆ findings │
╞════════╪═════════╪════════════╪══════════╪════════╪══════════╡
│ fixed  ┆      13 ┆     380862 ┆     1406 ┆   1021 ┆        0 │
│ server ┆       0 ┆      96849 ┆      756 ┆     38 ┆        1 │
│ all    ┆      13 ┆     477711 ┆          ┆   1059 ┆        1 │
└────────┴─────────┴────────────┴──────────┴────────┴──────────┘
";
        assert_eq!(table_of(&outcomes), expected);
    }
}
