//! The commands of the READMEs, as CI finds and runs them.

use std::env;
use std::path::Path;
use std::process::Command;

#[test]
fn every_command_of_every_readme_is_found_and_dealt_with() {
    let own = env::var_os("CARGO_MANIFEST_DIR").expect("cargo says where the crate is");
    let root = Path::new(&own).join("..");
    let listed = Command::new(root.join(".ci/readme")).arg("--list").output().expect("it runs");
    assert!(listed.status.success(), "{listed:?}");
    let listed = String::from_utf8(listed.stdout).expect("UTF-8");
    let rows: Vec<Vec<&str>> = listed.lines().map(|line| line.split('\t').collect()).collect();
    assert!(rows.len() >= 60, "{listed}");
    assert!(rows.iter().all(|row| row.len() == 3), "{listed}");
    let how = |file: &str, command: &str| {
        let found = rows.iter().find(|row| row[0].starts_with(file) && row[2].starts_with(command));
        found.unwrap_or_else(|| panic!("{command} in {file}:\n{listed}"))[1]
    };
    assert_eq!(how("README.md:", "cargo xtask demo"), "run");
    assert_eq!(how("README.md:", "target/release/lottery-client-smol"), "run");
    assert_eq!(how(".data/README.md:", "cargo xtask data"), "run");
    assert_eq!(how("docker/README.md:", "./generar-compose.sh"), "docker");
    assert!(how("README.md:", "cargo test --workspace").starts_with("step: "));
    assert!(how("README.md:", "sudo apt-get install").starts_with("packages: it installs "));
    // A block that stands for something else cannot be pasted.
    for row in rows.iter().filter(|row| row[1].starts_with("pattern")) {
        let (file, line) = row[0].rsplit_once(':').expect("a line");
        let text = std::fs::read_to_string(root.join(file)).expect("a README");
        let line = text.lines().nth(line.parse::<usize>().expect("a number") - 1).expect("a line");
        assert!(line.contains(&format!("`{}`", row[2])), "{row:?} is in a block");
    }
}
