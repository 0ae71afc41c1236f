//! Tests of the scripts that the course calls: by their path, by `sh` and by `bash`, from any directory.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::{env, fs};

use tempfile::TempDir;

/// Copies `docker/`, with the files of two agencies beside it, to a path that needs quotes.
fn copy() -> (TempDir, PathBuf) {
    let own = env::var_os("CARGO_MANIFEST_DIR").expect("cargo says where the crate is");
    let from = Path::new(&own).join("../docker");
    let dir = tempfile::tempdir().expect("a directory");
    let to = dir.path().canonicalize().expect("a path").join("it's $HOME");
    for place in ["docker/tp0/server", "docker/tp0/client", "docker/tp0/.data", ".data"] {
        fs::create_dir_all(to.join(place)).expect("a directory");
    }
    for file in ["generar-compose.sh", "validar-echo-server.sh", "tp0/generar-compose.sh"]
        .into_iter()
        .chain(["tp0/validar-echo-server.sh", "tp0/Makefile", "tp0/server/Dockerfile"])
    {
        fs::copy(from.join(file), to.join("docker").join(file)).expect("a copy");
    }
    for agency in [".data/agency-1.csv", ".data/agency-3.csv", "docker/tp0/.data/agency-2.csv"] {
        fs::write(to.join(agency), "").expect("a file");
    }
    (dir, to)
}

/// Returns the ways to call a script that is in `dir`: the working directory and the words of the command.
fn calls(dir: &Path, script: &str) -> Vec<(PathBuf, Vec<String>)> {
    let whole = dir.join(script).to_str().expect("UTF-8").to_owned();
    let mut calls = Vec::new();
    for shell in [&[][..], &["sh"], &["bash"]] {
        let words = |last: &str| shell.iter().chain([&last]).map(|word| (*word).to_owned()).collect();
        calls.push((PathBuf::from("/"), words(&whole)));
        calls.push((dir.to_owned(), words(&format!("./{script}"))));
        let parent = dir.parent().expect("a parent");
        let name = dir.file_name().and_then(|name| name.to_str()).expect("a name");
        calls.push((parent.to_owned(), words(&format!("{name}/{script}"))));
    }
    // A shell finds a script by its name alone in the working directory.
    calls.push((dir.to_owned(), vec!["sh".into(), script.into()]));
    calls.push((dir.to_owned(), vec!["bash".into(), script.into()]));
    calls
}

fn run(from: &Path, words: &[String], arguments: &[&str]) -> Output {
    let mut command = Command::new(&words[0]);
    command.current_dir(from).args(&words[1..]).args(arguments).output().expect("it runs")
}

#[test]
fn a_compose_file_is_the_same_however_its_script_is_called() {
    let (dir, root) = copy();
    let file = dir.path().join("written.yaml");
    for (place, image, agencies) in [("docker", "lottery:latest", "2"), ("docker/tp0", "server:latest", "1")]
    {
        let base = if place == "docker" { root.clone() } else { root.join(place) };
        let base = base.to_str().expect("UTF-8").replace('\'', "''").replace('$', "$$");
        let mut first = None;
        for (from, words) in calls(&root.join(place), "generar-compose.sh") {
            let _ = fs::remove_file(&file);
            let output = run(&from, &words, &[file.to_str().expect("UTF-8"), "03"]);
            assert!(output.status.success(), "{words:?}: {output:?}");
            let text = fs::read_to_string(&file).expect("a file");
            let first = first.get_or_insert_with(|| text.clone());
            assert_eq!(text, *first, "{words:?} in {}", from.display());
        }
        let text = first.expect("it was called");
        assert_eq!(text.matches("container_name: client").count(), 3);
        assert!(text.contains(&format!("image: {image}\n")), "{text}");
        assert!(text.contains(&format!("SERVER_AGENCIES: \"{agencies}\"\n")), "{text}");
        assert!(text.contains(&format!("source: '{base}/.data'")), "{text}");
    }
}

#[test]
fn a_wrong_number_of_clients_is_named() {
    let (dir, root) = copy();
    let file = dir.path().join("written.yaml");
    for wrong in ["", "256", "0256", "-1", "x", "1.5", "5 ", "99999999999999999999"] {
        for (from, words) in calls(&root.join("docker"), "generar-compose.sh") {
            let output = run(&from, &words, &[file.to_str().expect("UTF-8"), wrong]);
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            let expected =
                format!("generar-compose.sh: '{wrong}': expected the number of clients, from 0 to 255\n");
            assert_eq!((output.status.code(), said), (Some(1), expected));
        }
    }
    let output = run(&root, &["docker/generar-compose.sh".into()], &["/", "1"]);
    assert_eq!(String::from_utf8_lossy(&output.stderr), "generar-compose.sh: cannot write /\n");
    assert!(!file.exists());
}

/// Writes a program, with a shell. If this process wrote it, a child of another test could inherit the
/// descriptor, and a file that is open for writing cannot be run.
fn program(path: &Path, text: &str) {
    let mut shell = Command::new("sh");
    shell.args(["-c", "printf %s \"$1\" >\"$0\" && chmod +x \"$0\""]).arg(path).arg(text);
    assert!(shell.status().expect("it runs").success());
}

#[test]
fn the_echo_is_judged_however_its_script_is_called() {
    let (dir, root) = copy();
    let docker = dir.path().join("docker");
    let path = format!("{}:{}", dir.path().display(), env::var("PATH").expect("a path"));
    for (behind, verdict) in [("cat", "success"), ("echo other", "fail"), ("true", "fail")] {
        program(&docker, &format!("#!/bin/sh\n[ \"$1\" != run ] || {behind}\n"));
        for place in ["docker", "docker/tp0"] {
            for (from, words) in calls(&root.join(place), "validar-echo-server.sh") {
                let mut command = Command::new(&words[0]);
                command.current_dir(&from).args(&words[1..]).env("PATH", &path);
                let output = command.output().expect("it runs");
                let expected = format!("action: test_echo_server | result: {verdict}\n");
                assert_eq!(String::from_utf8_lossy(&output.stdout), expected, "{words:?}: {output:?}");
                assert!(output.status.success());
            }
        }
    }
}

#[test]
fn make_rewrites_the_compose_file_if_clients_is_given() {
    let (_dir, root) = copy();
    let place = root.join("docker/tp0");
    let made = |arguments: &[&str]| {
        let mut make = Command::new("make");
        make.current_dir(&place).arg("docker-compose-dev.yaml").args(arguments).env_remove("CLIENTS");
        let output = make.output().ok()?;
        assert!(output.status.success(), "{output:?}");
        let text = fs::read_to_string(place.join("docker-compose-dev.yaml")).expect("a file");
        Some(text.matches("container_name: client").count())
    };
    let Some(without) = made(&[]) else { return eprintln!("SKIPPED: there is no make") };
    assert_eq!(without, 5);
    assert_eq!(made(&["CLIENTS=2"]), Some(2));
    assert_eq!(made(&[]), Some(2), "a file that is there stays");
    assert_eq!(made(&["CLIENTS=7"]), Some(7));
}
