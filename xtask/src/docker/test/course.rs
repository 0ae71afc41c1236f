//! Checks of the course's exercises 1 to 4, made in the course's own way: files written, scripts run, images
//! built, logs read.

use std::process::Command;
use std::time::{Duration, Instant};

use super::super::engine::{docker, output};
use super::project::{Project, clients};
use super::world::{World, write};
use super::{Check, Outcome, ensure, same};

pub(super) const CHECKS: &[Check] = &[
    Check::new("1.1 a Compose file without clients has a server", |world| services(world, 0)),
    Check::new("1.2 a Compose file for one client has it and a server", |world| services(world, 1)),
    Check::new("1.3 a Compose file for 255 clients has all of them", |world| services(world, 255)),
    Check::new("1.4 every client sends its messages, gets them back and exits with 0", echoes),
    Check::new("1.5 the server gets every message, and keeps running", messages),
    Check::new("2.1 the server's configuration is that of its file", server_config),
    Check::new("2.2 the client's configuration is that of its file", client_config),
    Check::new("2.3 a changed config.ini takes effect without a new image", server_again),
    Check::new("2.4 a changed config.yaml takes effect without a new image", client_again),
    Check::with_netcat("3.1 validar-echo-server.sh: success with our server", our_echo),
    Check::with_netcat("3.2 validar-echo-server.sh: success with another echo server", other_echo),
    Check::with_netcat(
        "3.3 validar-echo-server.sh: fail with servers that send back something else, or nothing",
        no_echo,
    ),
    Check::new("4.1 docker stop ends a client with 0", stop_client),
    Check::new("4.2 docker stop ends the server with 0", stop_server),
    Check::new("4.3 docker compose stop ends all with 0", stop_all),
];

/// Settings in the configuration files that the checks change.
struct Config<'a> {
    backlog: u32,
    logging_level: &'a str,
    amount: usize,
    period: &'a str,
    log_level: &'a str,
}

const QUICK: Config<'_> =
    Config { backlog: 5, logging_level: "INFO", amount: 5, period: "150ms", log_level: "INFO" };

const SLOW: Config<'_> = Config { amount: 100, period: "5s", ..QUICK };

fn configure(project: &Project, config: &Config<'_>) -> Outcome {
    let Config { backlog, logging_level, amount, period, log_level } = config;
    let server = format!(
        "[DEFAULT]\nSERVER_PORT = 12345\nSERVER_IP = server\nSERVER_LISTEN_BACKLOG = {backlog}\nLOGGING_LEVEL = {logging_level}\n"
    );
    let client = format!(
        "server:\n  address: \"server:12345\"\nloop:\n  amount: {amount}\n  period: \"{period}\"\n\
         log:\n  level: \"{log_level}\"\nbatch:\n  maxAmount: 10\n"
    );
    write(&project.path("server/config.ini"), &server)?;
    Ok(write(&project.path("client/config.yaml"), &client)?)
}

fn started(world: &World, config: &Config<'_>, clients: u8) -> Outcome<Project> {
    let project = world.course()?;
    configure(&project, config)?;
    project.start(clients)?;
    Ok(project)
}

fn services(world: &World, count: u8) -> Outcome {
    let project = world.course()?;
    project.generate(count)?;
    let config = project.run(&["config"])?;
    let mut found: Vec<_> =
        config.lines().filter_map(|line| line.trim().strip_prefix("container_name: ")).collect();
    let expected = clients(count);
    let mut expected: Vec<_> = expected.iter().map(String::as_str).chain(["server"]).collect();
    found.sort_unstable();
    expected.sort_unstable();
    same("containers", &found, &expected)?;
    ensure(config.contains("172.25.125.0/24"), || "the network has another subnet".into())
}

fn echoes(world: &World) -> Outcome {
    let project = started(world, &QUICK, 5)?;
    for client in clients(5) {
        project.done(&[&client])?;
        let lines = project.logs(&client)?;
        let received: Vec<_> = lines.iter().filter(|line| line.is("receive_message")).collect();
        same("messages", &received.len(), &QUICK.amount)?;
        for (nth, line) in (1..).zip(received) {
            let expected = format!("[CLIENT {}] Message N°{nth}", client.trim_start_matches("client"));
            same("msg", &line.field("msg"), &Some(&expected))?;
        }
        ensure(lines.iter().any(|line| line.is("loop_finished")), || format!("{client}: no loop_finished"))?;
        project.nothing_failed(&[&client])?;
    }
    Ok(())
}

fn messages(world: &World) -> Outcome {
    let project = started(world, &QUICK, 3)?;
    for client in clients(3) {
        project.done(&[&client])?;
    }
    let received = project.logs("server")?.iter().filter(|line| line.is("receive_message")).count();
    same("messages", &received, &(3 * QUICK.amount))?;
    project.nothing_failed(&["server"])?;
    project.runs("server")
}

fn server_config(world: &World) -> Outcome {
    let config = Config { backlog: 7, logging_level: "DEBUG", ..QUICK };
    let project = started(world, &config, 1)?;
    let line = project.wait_for("server", "config")?;
    same("port", &line.field("port"), &Some("12345"))?;
    same("listen_backlog", &line.field("listen_backlog"), &Some("7"))?;
    same("logging_level", &line.field("logging_level"), &Some("DEBUG"))
}

fn client_config(world: &World) -> Outcome {
    let config = Config { amount: 3, period: "0m0.2s", log_level: "DEBUG", ..QUICK };
    let project = started(world, &config, 1)?;
    project.done(&["client1"])?;
    let line = project.wait_for("client1", "config")?;
    for (key, value) in
        [("client_id", "1"), ("loop_amount", "3"), ("loop_period", "0m0.2s"), ("log_level", "DEBUG")]
    {
        same(key, &line.field(key), &Some(value))?;
    }
    Ok(())
}

fn server_again(world: &World) -> Outcome {
    let project = started(world, &QUICK, 0)?;
    project.wait_for("server", "config")?;
    configure(&project, &Config { backlog: 9, logging_level: "WARNING", ..QUICK })?;
    project.run(&["restart", "-t", "5", "server"])?;
    project.runs("server")?;
    // At that level the server logs nothing more, so its settings are printed by its program.
    let program = "/bin/lottery-server-tokio";
    let table = project.run(&["exec", "-T", "server", program, "--print-config"])?;
    let row = |name: &str| table.lines().find(|line| line.starts_with(name)).unwrap_or_default().to_owned();
    ensure(row("listen-backlog").contains(" 9 "), || row("listen-backlog"))?;
    ensure(row("log-level").contains("WARNING"), || row("log-level"))?;
    let configs = project.logs("server")?.iter().filter(|line| line.is("config")).count();
    same("config lines, one before the change", &configs, &1)
}

fn client_again(world: &World) -> Outcome {
    let project = started(world, &QUICK, 1)?;
    project.done(&["client1"])?;
    configure(&project, &Config { amount: 2, period: "50ms", ..QUICK })?;
    project.run(&["start", "client1"])?;
    project.done(&["client1"])?;
    let line = project.wait_for("client1", "config")?;
    same("loop_amount", &line.field("loop_amount"), &Some("2"))?;
    same("loop_period", &line.field("loop_period"), &Some("50ms"))?;
    let received = project.logs("client1")?.iter().filter(|line| line.is("receive_message")).count();
    same("messages of both runs", &received, &(QUICK.amount + 2))
}

/// Returns the output of `validar-echo-server.sh`.
fn verdict(world: &World, project: &Project) -> Outcome<String> {
    let mut script = project.script("sh", &["validar-echo-server.sh"]);
    script.env("NETCAT_IMAGE", world.netcat().unwrap_or_default());
    Ok(String::from_utf8(output(&mut script)?.stdout)?)
}

fn our_echo(world: &World) -> Outcome {
    let project = started(world, &QUICK, 0)?;
    project.wait_for("server", "listen")?;
    same("verdict", &verdict(world, &project)?.as_str(), &"action: test_echo_server | result: success\n")?;
    project.runs("server")
}

fn other_echo(world: &World) -> Outcome {
    let project = world.course()?;
    world.other_server(&["nc", "-ll", "-p", "12345", "-e", "cat"])?;
    same("verdict", &verdict(world, &project)?.as_str(), &"action: test_echo_server | result: success\n")
}

fn no_echo(world: &World) -> Outcome {
    let project = world.course()?;
    let broken: [&[&str]; 3] = [
        &["nc", "-ll", "-p", "12345", "-e", "echo", "something else"],
        &["nc", "-ll", "-p", "12345", "-e", "sleep", "60"],
        &["sleep", "60"],
    ];
    for command in broken {
        world.other_server(command)?;
        let verdict = verdict(world, &project)?;
        same("verdict", &verdict.as_str(), &"action: test_echo_server | result: fail\n")?;
        docker(["rm", "-f", "server"])?;
    }
    Ok(())
}

/// Checks that a command that stops containers is done long before they would be killed.
fn stopped(command: &mut Command) -> Outcome {
    let start = Instant::now();
    output(command)?;
    ensure(start.elapsed() < Duration::from_secs(8), || format!("it took {:?}", start.elapsed()))
}

fn stop_client(world: &World) -> Outcome {
    let project = started(world, &SLOW, 1)?;
    project.wait_for("client1", "receive_message")?;
    stopped(Command::new("docker").args(["stop", "client1", "-t", "20"]))?;
    project.done(&["client1"])?;
    project.wait_for("client1", "exit")?;
    project.nothing_failed(&["client1", "server"])?;
    project.runs("server")
}

fn stop_server(world: &World) -> Outcome {
    let project = started(world, &SLOW, 1)?;
    project.wait_for("client1", "receive_message")?;
    stopped(Command::new("docker").args(["stop", "server", "-t", "20"]))?;
    project.done(&["server"])?;
    for action in ["close_listener", "close_store", "exit"] {
        project.wait_for("server", action)?;
    }
    project.nothing_failed(&["server"])
}

fn stop_all(world: &World) -> Outcome {
    let project = started(world, &SLOW, 3)?;
    for client in clients(3) {
        project.wait_for(&client, "receive_message")?;
    }
    project.run(&["stop", "-t", "10"])?;
    project.done(&["client1", "client2", "client3", "server"])?;
    project.run(&["down"])?;
    let left = docker(["ps", "-aq", "--filter", "network=tp0_testing_net"])?;
    same("containers left", &left.as_str(), &"")?;
    ensure(docker(["network", "inspect", "tp0_testing_net"]).is_err(), || "the network is left".into())
}
