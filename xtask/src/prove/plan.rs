//! Steps, and the amount of work of each, parsed from its own output.

/// Step that is run.
pub(super) struct Step {
    pub(super) what: &'static str,
    /// Arguments of cargo.
    pub(super) args: Vec<&'static str>,
    /// Time after which the step has failed, in seconds.
    pub(super) limit: u32,
    pub(super) much: Much,
    /// Tool that has to be installed for the step, beyond those that the README names.
    pub(super) needs: Option<Tool>,
}

/// Tool that not every machine has.
pub(super) struct Tool {
    /// Arguments of cargo that succeed if the tool is installed.
    pub(super) version: &'static [&'static str],
    /// Command that installs the tool.
    pub(super) install: &'static str,
}

const MUTANTS: Tool =
    Tool { version: &["mutants", "--version"], install: "cargo install --locked cargo-mutants" };
const COVERAGE: Tool = Tool {
    version: &["llvm-cov", "show-env"],
    install: "rustup component add llvm-tools && cargo install --locked cargo-llvm-cov",
};
const MIRI: Tool =
    Tool { version: &["+nightly", "miri", "--version"], install: "rustup +nightly component add miri" };
const DENY: Tool = Tool { version: &["deny", "--version"], install: "cargo install --locked cargo-deny" };
const FUZZ: Tool = Tool { version: &["fuzz", "--version"], install: "cargo install --locked cargo-fuzz" };

/// Source of the amount of work.
pub(super) enum Much {
    /// Number of tests that passed.
    Tests,
    /// Number of system calls that failed, as the tests print it.
    Calls,
    /// Largest of the measured ratios.
    Ratios,
    /// Number of executions in the table of the fuzzer.
    Executions,
    /// Number of mutants that were tested, from the last line.
    Mutants,
    /// Share of lines that were run, from the last row of the table.
    Coverage,
    /// Fixed amount: the step does as much as its arguments say, or fails.
    Told(&'static str),
}

impl Much {
    pub(super) fn of(&self, said: &str) -> String {
        match self {
            Self::Tests => format!("{} tests", sum(said, " passed;", "ok. ")),
            Self::Calls => format!("{} calls", sum(said, " calls failed on ", "")),
            Self::Ratios => {
                let ratio = |line: &str| line.strip_suffix(" times")?.rsplit(' ').next()?.parse::<f64>().ok();
                let worst = said.lines().filter_map(ratio).fold(0.0, f64::max);
                format!("at most {worst:.2} times as long")
            }
            Self::Executions => {
                let all = said.lines().find(|line| line.trim_start_matches(['│', ' ']).starts_with("all "));
                let cell = all.and_then(|line| line.split(['┆', '│']).filter(|cell| !cell.is_empty()).nth(2));
                format!("{} executions", cell.map_or("no", str::trim))
            }
            Self::Mutants => {
                let line = said.lines().rfind(|line| line.contains(" mutants tested"));
                line.unwrap_or("no mutants").split(" in ").next().unwrap_or_default().to_owned()
            }
            Self::Coverage => {
                let total = said.lines().rfind(|line| line.starts_with("TOTAL "));
                // Columns for regions, functions and lines: the number of each, the number missed, and the
                // share.
                let share = total.and_then(|line| line.split_whitespace().nth(9));
                format!("{} of the lines", share.unwrap_or("none"))
            }
            Self::Told(much) => (*much).to_owned(),
        }
    }
}

/// Returns the sum of the numbers between `before` and `behind`, of which a line has one at most. With an
/// empty `before` a number begins after a space.
fn sum(said: &str, behind: &str, before: &str) -> u64 {
    let number = |line: &str| {
        let head = line.split_once(behind)?.0;
        let number = if before.is_empty() { head.rsplit(' ').next()? } else { head.split_once(before)?.1 };
        number.parse::<u64>().ok()
    };
    said.lines().filter_map(number).sum()
}

/// Returns all steps.
pub(super) fn steps(quick: bool) -> Vec<Step> {
    let mut steps = Vec::new();
    let limit = if quick { 600 } else { 6 * 3600 };
    let mut step = |what, line: &'static str, much| {
        let args: Vec<&str> = line.split_whitespace().collect();
        let needs = match &*args {
            ["mutants", ..] => Some(MUTANTS),
            ["llvm-cov", ..] => Some(COVERAGE),
            ["deny", ..] => Some(DENY),
            ["+nightly", "miri", ..] => Some(MIRI),
            ["xtask", "fuzz", ..] => Some(FUZZ),
            _ => None,
        };
        steps.push(Step { what, args, limit, much, needs });
    };
    step("memory of a connection", "test -p lottery-proto --test memory --test backpressure", Much::Tests);
    step(
        "public items, and this table's tests",
        "test -p xtask --test public_api --test reliability",
        Much::Tests,
    );
    step("hostile peers", "test -p conformance --test process_hostile", Much::Tests);
    step(
        "full disks and failed syncs",
        "test -p conformance --test process_full_disk --test process_sync_fails",
        Much::Tests,
    );
    let cuts = if quick {
        "test -p conformance --test process_power"
    } else {
        "test -p conformance --test process_power -- --include-ignored"
    };
    step("power cuts under ext4", cuts, Much::Tests);
    let delay = "test --release -p conformance --test process_delay -- --ignored --nocapture";
    step("p99 of acknowledgements beside hostile peers (measured)", delay, Much::Ratios);
    let planted = "run --release -p simulation -- --planted";
    if quick {
        step(
            "failed system calls",
            "test -p conformance --test process_store_faults -- --nocapture",
            Much::Calls,
        );
        step("chaos", "xtask demo --chaos 7 --kills 12", Much::Told("12 kills"));
        step("fuzzing", "xtask fuzz --seconds 5", Much::Executions);
        step("simulation", "run --release -p simulation -- --seeds 2000", Much::Told("2,000 seeds"));
        let few = "mutants -p lottery-proto -f **/wire/detect.rs --baseline=skip --timeout 60";
        step("mutants of one file", few, Much::Mutants);
        step("coverage of lottery-proto", "llvm-cov -p lottery-proto --summary-only", Much::Coverage);
    } else {
        let every = "test -p conformance --test process_store_faults -- --nocapture --include-ignored";
        step("failed system calls", every, Much::Calls);
        step("chaos on tokio", "xtask demo --runtime tokio --chaos 7 --kills 200", Much::Told("200 kills"));
        step("chaos on std", "xtask demo --runtime std --chaos 7 --kills 200", Much::Told("200 kills"));
        step("chaos on smol", "xtask demo --runtime smol --chaos 7 --kills 200", Much::Told("200 kills"));
        step("fuzzing", "xtask fuzz --minutes 120", Much::Executions);
        step("simulation", "run --release -p simulation -- --seeds 1000000", Much::Told("1,000,000 seeds"));
        let all = "mutants -p lottery-proto -p lottery-core --baseline=skip --timeout 60";
        step("mutants", all, Much::Mutants);
        let both = "llvm-cov -p lottery-proto -p lottery-core -p conformance -p simulation \
             -p runtime-tokio -p runtime-std -p runtime-smol --summary-only --fail-under-lines 98 \
             --ignore-filename-regex /(conformance|simulation|runtime-[a-z]+)/src/";
        step("coverage", both, Much::Coverage);
        step("undefined behaviour", "+nightly miri test -p lottery-proto --lib", Much::Tests);
    }
    step("planted mistakes are found", planted, Much::Told("each"));
    step(
        "licences and sources of what is built in",
        "deny check bans licenses sources",
        Much::Told("all dependencies"),
    );
    steps
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_done_is_read_from_what_is_said() {
        let tests =
            "test result: ok. 3 passed; 0 failed; 1 ignored;\ntest result: ok. 21 passed; 0 failed;\n";
        assert_eq!(Much::Tests.of(tests), "24 tests");
        assert_eq!(Much::Tests.of("test result: FAILED. 3 passed; 1 failed"), "0 tests");
        assert_eq!(
            Much::Calls.of("55 calls failed on std\ntest a ... 75 calls failed on tokio\n"),
            "130 calls"
        );
        assert_eq!(
            Much::Ratios.of("on std: 9ms beside: 2.23 times\non smol: 2.85 times\n"),
            "at most 2.85 times as long"
        );
        let table = "│ echo   ┆ 5 ┆ 7 ┆ 1 ┆ 2 ┆ 0 │\n│ all    ┆       10 ┆    12345 ┆      ┆ 9 ┆ 0 │\n";
        assert_eq!(Much::Executions.of(table), "12345 executions");
        assert_eq!(Much::Executions.of(""), "no executions");
        let mutants = "Found 6 mutants to test\n6 mutants tested in 1m: 6 caught\n";
        assert_eq!(Much::Mutants.of(mutants), "6 mutants tested");
        let table = "a.rs   9 0 100.00%  3 0 100.00%  7 0 100.00%  0 0 -\nTOTAL  9 1 88.89%  3 0 100.00%  50 1 98.00%  0 0 -\n";
        assert_eq!(Much::Coverage.of(table), "98.00% of the lines");
    }
}
