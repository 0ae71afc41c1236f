//! Test of the commands of the READMEs, as CI finds and runs them.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::{env, fs};

fn root() -> PathBuf {
    let own = env::var_os("CARGO_MANIFEST_DIR").expect("cargo says where the crate is");
    Path::new(&own).join("..")
}

fn list(root: &Path) -> Output {
    Command::new(root.join(".ci/readme")).arg("--list").output().expect("it runs")
}

#[test]
fn every_command_of_every_readme_is_found_and_dealt_with() {
    let root = root();
    let listed = list(&root);
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
    // A command in a block must not contain placeholders: readers paste it.
    for row in rows.iter().filter(|row| row[1].starts_with("pattern")) {
        let (file, line) = row[0].rsplit_once(':').expect("a line");
        let text = fs::read_to_string(root.join(file)).expect("a README");
        let line = text.lines().nth(line.parse::<usize>().expect("a number") - 1).expect("a line");
        assert!(line.contains(&format!("`{}`", row[2])), "{row:?} is in a block");
    }
}

#[test]
fn a_translation_with_other_commands_or_code_is_an_error() {
    let dir = tempfile::tempdir().expect("a directory");
    let root = dir.path();
    fs::create_dir(root.join(".ci")).expect("a directory");
    fs::copy(self::root().join(".ci/readme"), root.join(".ci/readme")).expect("a copy");
    fs::write(root.join(".ci/run"), "").expect("a file");
    let text = |picture: &str, command: &str, code: &str| {
        format!("```text\n{picture}\n```\n`{command}`\n```rust\n{code}\n```\n")
    };
    let english = text("a picture", "cargo build", "let bets = 7; // seven bets");
    fs::write(root.join("README.md"), english).expect("a file");
    fs::write(root.join("README.es.md"), "").expect("a file");
    for words in [&["init", "-q"][..], &["add", "."]] {
        let git = Command::new("git").current_dir(root).args(words).output().expect("git runs");
        assert!(git.status.success(), "{git:?}");
    }
    for (command, code, same) in [
        ("cargo build", "let bets = 7; // siete apuestas", true),
        ("cargo test", "let bets = 7;", false),
        ("cargo build", "let bets = 8;", false),
    ] {
        fs::write(root.join("README.es.md"), text("un dibujo", command, code)).expect("a file");
        let listed = list(root);
        assert_eq!(listed.status.success(), same, "{listed:?}");
        let said = String::from_utf8(listed.stderr).expect("UTF-8");
        assert_eq!(said.contains("README.es.md: other commands or code than in README.md"), !same, "{said}");
    }
}
