//! Checks of wrong input: it is named in a line, and nothing runs.

use std::fs;
use std::process::Command;

use super::project::Project;
use super::world::{World, write};
use super::{Check, Outcome, ensure, same};
use crate::docker::IMAGE;

pub(super) const CHECKS: &[Check] = &[
    Check::new("a broken config.ini is named by the server, which exits with 2", broken_ini),
    Check::new("a broken config.yaml is named by the client, which exits with 2", broken_yaml),
    Check::new("a missing file of bets is named by the client, which exits with 1", no_bets),
    Check::new("a port in use is named by the server, which exits with 1", port_in_use),
    Check::new(
        "generar-compose.sh refuses what is no number of clients, and files that cannot be written",
        arguments,
    ),
    Check::new("without an engine validar-echo-server.sh says so in a line", no_engine),
];

/// Checks that a service has ended with `code`, and has logged one line with an error, which contains these
/// words.
fn ended(project: &Project, service: &str, code: i32, words: &[&str]) -> Outcome {
    same("exit code", &project.wait(service)?, &code)?;
    let text = project.text(service)?;
    let errors: Vec<_> = text.lines().filter(|line| line.contains("error: ")).collect();
    same("lines with errors", &errors.len(), &1)?;
    for word in words {
        ensure(errors[0].contains(word), || format!("no {word} in {}", errors[0]))?;
    }
    Ok(())
}

fn broken_ini(world: &World) -> Outcome {
    let project = world.course()?;
    write(&project.path("server/config.ini"), "[DEFAULT]\nSERVER_PORT = 123456\n")?;
    // Compose fails, because the client's dependency is not healthy; 1.29 fails only if it sees the server
    // before its end.
    let _ = project.start(1);
    ended(&project, "server", 2, &["config.ini", "SERVER_PORT", "\"123456\""])
}

fn broken_yaml(world: &World) -> Outcome {
    let project = world.course()?;
    write(&project.path("client/config.yaml"), "server:\n  address: \"server\"\n")?;
    project.start(1)?;
    ended(&project, "client1", 2, &["config.yaml", "server.address", "\"server\""])
}

fn no_bets(world: &World) -> Outcome {
    let project = world.course()?;
    let data = project.path(".data");
    fs::create_dir(&data)?;
    write(&data.join("agency-1.csv"), "")?;
    project.generate(1)?;
    fs::remove_file(data.join("agency-1.csv"))?;
    project.run(&["up", "-d"])?;
    ended(&project, "client1", 1, &["/.data/agency-1.csv", "No such file"])
}

fn port_in_use(world: &World) -> Outcome {
    let project = world.course()?;
    project.start(0)?;
    project.wait_for("server", "listen")?;
    let mut second = Command::new("docker");
    second.args(["run", "--rm", "--network", "container:server", IMAGE]);
    rejected(&mut second, 1, "error: cannot listen at 0.0.0.0:12345: ")
}

/// Checks that a command exits with `code`, and prints one line to standard error that begins with `start`.
fn rejected(command: &mut Command, code: i32, start: &str) -> Outcome {
    let output = command.output()?;
    let said = String::from_utf8(output.stderr)?;
    ensure(output.status.code() == Some(code), || format!("{:?}: {said}", output.status))?;
    ensure(said.starts_with(start) && said.lines().count() == 1, || {
        format!("expected {start:?}, found {said:?}")
    })
}

fn arguments(world: &World) -> Outcome {
    let project = world.course()?;
    let file = world.path("refused.yaml");
    let file = file.to_str().ok_or("a path that is not UTF-8")?;
    for wrong in ["-1", "256", "1000", "99999999999999999999", "five", "", "1.5", "1 "] {
        let start = format!("generar-compose.sh: '{wrong}': expected the number of clients");
        rejected(&mut project.script("bash", &["generar-compose.sh", file, wrong]), 1, &start)?;
    }
    ensure(!world.path("refused.yaml").exists(), || "it has written a file".into())?;
    for unwritable in ["/nowhere/file.yaml", "/proc/file.yaml", "/", "/dev/full"] {
        let start = format!("generar-compose.sh: cannot write {unwritable}");
        rejected(&mut project.script("bash", &["generar-compose.sh", unwritable, "1"]), 1, &start)?;
    }
    rejected(&mut project.script("bash", &["generar-compose.sh"]), 1, "generar-compose.sh: usage: ")
}

fn no_engine(world: &World) -> Outcome {
    let project = world.course()?;
    let mut script = project.script("sh", &["validar-echo-server.sh"]);
    script.env("DOCKER_HOST", "unix:///nowhere/docker.sock");
    rejected(&mut script, 1, "validar-echo-server.sh: no Docker engine runs")
}
