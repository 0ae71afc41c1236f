//! Ways to run a test of the suite.

use std::env;
use std::process::{Command, Stdio};

use crate::time_limits::{TEST, Task};

/// Variable in the environment of a process that runs one test alone.
const ALONE: &str = "CONFORMANCE_ALONE";

/// Runs a test, which fails if it takes longer than [`TEST`].
pub fn in_time(name: &'static str, test: fn()) {
    Task::start(name, test).join(TEST);
}

/// Runs a test in a process of its own: this program, started again for it. `name` is the whole path of the test,
/// from its crate on.
pub fn alone(name: &str, test: impl FnOnce()) {
    if env::var_os(ALONE).is_some() {
        return test();
    }
    let (_, name) = name.split_once("::").expect("a test is in a crate");
    let mut again = Command::new(env::current_exe().expect("this program has a path"));
    again.args(["--exact", name, "--include-ignored", "--nocapture"]).env(ALONE, "").stdin(Stdio::null());
    let output = again.stderr(Stdio::inherit()).output().expect("this program starts");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains(" 1 passed;"), "{said}");
}
