//! Promises, and the commands that show that they hold.

/// Promise, and the command that shows that it holds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    /// Promise, and the amount of work if it was chosen here.
    pub(super) promise: &'static str,
    /// Arguments of cargo, without spaces in them.
    pub(super) command: &'static str,
}

/// Tool that not every machine has.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tool {
    /// Arguments of cargo that succeed if the tool is installed.
    pub(super) version: &'static str,
    /// Command that installs the tool.
    pub(super) install: &'static str,
}

const fn step(promise: &'static str, command: &'static str) -> Step {
    Step { promise, command }
}

/// Steps of both versions that come first.
const FIRST: &[Step] = &[
    step("memory of a connection", "test -p lottery-proto --test memory_bounds --test memory_counted"),
    step("public items, and the table of faults", "test -p xtask --test public_api --test reliability"),
    step("hostile peers", "test -p conformance --test programs hostile::"),
    step("full disks and failed syncs", "test -p conformance --test programs -- full_disk:: sync_fails::"),
    step(
        "p99 of acknowledgements beside hostile peers",
        "test --release -p conformance --test programs delay:: -- --ignored",
    ),
    step("planted mistakes are found", "run --release --bin simulation -- --planted"),
    step("licences and sources of what is built in", "deny check bans licenses sources"),
];

const QUICK: &[Step] = &[
    step("power cuts under ext4", "test -p conformance --test programs power::"),
    step("failed system calls", "test -p conformance --test programs store_faults::"),
    step("chaos: 12 kills", "xtask demo --chaos 7 --kills 12"),
    step("fuzzing: 5 s for each target", "xtask fuzz --seconds 5"),
    step("simulation: 2,000 seeds", "run --release --bin simulation -- --seeds 2000"),
    step("mutants of one file", "mutants -p lottery-proto -f **/wire/detect.rs --baseline=skip --timeout 60"),
    step("coverage of lottery-proto", "llvm-cov -p lottery-proto --summary-only"),
];

const WHOLE: &[Step] = &[
    step("power cuts under ext4", "test -p conformance --test programs power:: -- --include-ignored"),
    step("failed system calls", "test -p conformance --test programs store_faults:: -- --include-ignored"),
    step("chaos on tokio: 200 kills", "xtask demo --runtime tokio --chaos 7 --kills 200"),
    step("chaos on std: 200 kills", "xtask demo --runtime std --chaos 7 --kills 200"),
    step("chaos on smol: 200 kills", "xtask demo --runtime smol --chaos 7 --kills 200"),
    step("fuzzing: two hours", "xtask fuzz --minutes 120"),
    step("simulation: 1,000,000 seeds", "run --release --bin simulation -- --seeds 1000000"),
    step("mutants", "mutants -p lottery-proto -p lottery-core --baseline=skip --timeout 60"),
    step(
        "coverage: 98 % of the lines",
        "llvm-cov -p lottery-proto -p lottery-core -p conformance -p simulation \
         -p runtime-tokio -p runtime-std -p runtime-smol --summary-only --fail-under-lines 98 \
         --ignore-filename-regex /(conformance|simulation|runtime-[a-z]+)/src/",
    ),
    step("undefined behavior", "+nightly miri test -p lottery-proto --lib"),
];

/// Returns all steps.
pub(super) fn steps(quick: bool) -> Vec<Step> {
    [FIRST, if quick { QUICK } else { WHOLE }].concat()
}

impl Step {
    /// Returns the words of the command.
    pub(super) fn words(&self) -> Vec<&'static str> {
        self.command.split_whitespace().collect()
    }

    /// Returns the tool that the step needs, beyond those that the README names.
    pub(super) fn needs(&self) -> Option<Tool> {
        let (version, install) = match self.words()[..] {
            ["mutants", ..] => ("mutants --version", "cargo install --locked cargo-mutants"),
            ["llvm-cov", ..] => (
                "llvm-cov show-env",
                "rustup component add llvm-tools && cargo install --locked cargo-llvm-cov",
            ),
            ["deny", ..] => ("deny --version", "cargo install --locked cargo-deny"),
            ["+nightly", "miri", ..] => ("+nightly miri --version", "rustup +nightly component add miri"),
            ["xtask", "fuzz", ..] => ("fuzz --version", "cargo install --locked cargo-fuzz"),
            _ => return None,
        };
        Some(Tool { version, install })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::root::root;

    #[test]
    fn every_test_that_is_named_is_there() {
        for step in steps(true).into_iter().chain(steps(false)) {
            let words = step.words();
            let after = |flag| words.windows(2).filter(move |pair| pair[0] == flag).map(|pair| pair[1]);
            for test in after("--test") {
                let package = after("-p").next().expect("a package");
                let path = root().join(package).join("tests").join(test);
                assert!(path.with_extension("rs").exists() || path.join("main.rs").exists(), "{path:?}");
            }
        }
    }
}
