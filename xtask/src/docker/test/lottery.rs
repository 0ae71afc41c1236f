//! Checks of whole lotteries in containers, with faults: killed servers and agencies, cut networks.

use std::fs;
use std::thread;
use std::time::Duration;

use super::super::Error;
use super::super::engine::docker;
use super::project::{Project, clients};
use super::world::{NETWORK, World, write};
use super::{Check, Outcome, ensure, same};
use crate::data::{self, WINNING_NUMBER};

pub(super) const CHECKS: &[Check] = &[
    Check::new("lottery on tokio: every bet is stored, every agency has its winners", |world| {
        on(world, "tokio")
    }),
    Check::new("lottery on std", |world| on(world, "std")),
    Check::new("lottery on smol", |world| on(world, "smol")),
    Check::new("lottery with the server on smol, the agencies on all runtimes", mixed),
    Check::new("lottery of 20 agencies", twenty),
    Check::new("a client killed and run again plays its whole echo", client_again),
    Check::new("an agency killed while it sends, and run again, goes on where it was", agency_killed_early),
    Check::new("an agency killed while it waits, and run again, has its winners", agency_killed),
    Check::new(
        "the server killed while agencies wait: nothing is lost, all have their winners",
        server_killed,
    ),
    Check::new(
        "the server killed while bets come: nothing is lost, all have their winners",
        server_killed_early,
    ),
    Check::new("an agency cut from the network and joined again has its winners", network_cut),
];

/// Number of bets of an agency, and of those that win.
#[derive(Clone, Copy)]
struct Bets {
    all: u64,
    winners: u64,
}

/// Counts the bets of a file. A line ends with the number, without leading zeros.
fn bets(text: &str) -> Bets {
    let winning = format!(",{WINNING_NUMBER}");
    let count = |lines: usize| u64::try_from(lines).unwrap_or(u64::MAX);
    let winners = text.lines().filter(|line| line.ends_with(&winning)).count();
    Bets { all: count(text.lines().count()), winners: count(winners) }
}

/// Counts the bets of the five generated agencies.
fn generated() -> Result<Vec<Bets>, Error> {
    let dir = data::provide()?;
    let read = |agency| {
        let path = dir.join(format!("agency-{agency}.csv"));
        fs::read_to_string(&path).map_err(|source| Error::File { path, source })
    };
    (1..=5).map(|agency| Ok(bets(&read(agency)?))).collect()
}

/// Checks that these agencies end with success and have their winners. `expected` begins with agency 1.
fn have_winners(project: &Project, agencies: &[usize], expected: &[Bets]) -> Outcome {
    for &agency in agencies {
        let client = format!("client{agency}");
        project.done(&[&client])?;
        let told = project.wait_for(&client, "consulta_ganadores")?.number("cant_ganadores");
        same(&format!("winners of agency {agency}"), &told, &expected[agency - 1].winners)?;
        project.nothing_failed(&[&client])?;
    }
    Ok(())
}

/// Checks that the server has all bets of these agencies.
fn are_stored(project: &Project, expected: &[Bets]) -> Outcome {
    let agencies = u8::try_from(expected.len())?;
    let expected: Vec<u64> = expected.iter().map(|bets| bets.all).collect();
    same("bets stored", &project.count(agencies)?, &expected)
}

fn on(world: &World, runtime: &str) -> Outcome {
    hold(&world.lottery(runtime))
}

fn mixed(world: &World) -> Outcome {
    hold(&world.project(&["compose.yaml", "docker/mixed.yaml"], "smol"))
}

fn hold(project: &Project) -> Outcome {
    let expected = generated()?;
    project.up(&[])?;
    have_winners(project, &[1, 2, 3, 4, 5], &expected)?;
    are_stored(project, &expected)?;
    project.nothing_failed(&["server"])?;
    // An agency that asks again gets its winners again, and stores nothing twice.
    project.run(&["run", "--rm", "client1"])?;
    are_stored(project, &expected)?;
    project.run(&["stop", "-t", "10"])?;
    project.done(&["server"])
}

fn twenty(world: &World) -> Outcome {
    let project = world.course()?;
    let dir = project.path(".data");
    fs::create_dir(&dir)?;
    let text = fs::read_to_string(data::provide()?.join("agency-5.csv"))?;
    for agency in 1..=20 {
        write(&dir.join(format!("agency-{agency}.csv")), &text)?;
    }
    project.start(20)?;
    let expected = vec![bets(&text); 20];
    have_winners(&project, &(1..=20).collect::<Vec<_>>(), &expected)?;
    are_stored(&project, &expected)?;
    project.runs("server")
}

fn client_again(world: &World) -> Outcome {
    let project = world.course()?;
    let configure = |amount, period| {
        let text =
            format!("server.address: \"server:12345\"\nloop: {{amount: {amount}, period: {period}}}\n");
        write(&project.path("client/config.yaml"), &text)
    };
    configure(100, "5s")?;
    project.start(1)?;
    project.wait_for("client1", "receive_message")?;
    project.run(&["kill", "-s", "SIGKILL", "client1"])?;
    same("exit code when killed", &project.wait("client1")?, &137)?;
    configure(4, "50ms")?;
    project.run(&["start", "client1"])?;
    project.done(&["client1"])?;
    project.wait_for("client1", "loop_finished")?;
    project.runs("server")
}

/// Kills a container that is still running.
fn kill(project: &Project, service: &str) -> Outcome {
    project.run(&["kill", "-s", "SIGKILL", service])?;
    same("exit code when killed", &project.wait(service)?, &137)
}

fn agency_killed_early(world: &World) -> Outcome {
    let project = world.course()?;
    let dir = project.path(".data");
    fs::create_dir(&dir)?;
    let text = fs::read_to_string(data::provide()?.join("agency-1.csv"))?;
    let expected = bets(&text);
    write(&dir.join("agency-1.csv"), &text)?;
    // A batch for each bet: the agency is killed before the last.
    write(&project.path("client/config.yaml"), "server.address: \"server:12345\"\nbatch: {maxAmount: 1}\n")?;
    project.start(1)?;
    while project.count(1)? == [0] {}
    kill(&project, "client1")?;
    let stored = project.count(1)?[0];
    ensure(stored < expected.all, || "it was done before it was killed".to_owned())?;
    project.run(&["start", "client1"])?;
    project.done(&["client1"])?;
    let found = project.wait_for("client1", "session")?.number("stored");
    ensure((1..=expected.all).contains(&found), || format!("it went on after {found} bets"))?;
    have_winners(&project, &[1], &[expected])?;
    are_stored(&project, &[expected])
}

fn agency_killed(world: &World) -> Outcome {
    let (project, expected) = (world.lottery("tokio"), generated()?);
    project.up(&["server", "client1"])?;
    project.wait_for("client1", "apuestas_enviadas")?;
    kill(&project, "client1")?;
    are_stored(&project, &expected[..1])?;
    project.up(&["client1", "client2", "client3", "client4", "client5"])?;
    have_winners(&project, &[1, 2, 3, 4, 5], &expected)?;
    are_stored(&project, &expected)
}

fn server_killed(world: &World) -> Outcome {
    let (project, expected) = (world.lottery("tokio"), generated()?);
    project.up(&["server", "client1", "client2"])?;
    for client in clients(2) {
        project.wait_for(&client, "apuestas_enviadas")?;
    }
    kill(&project, "server")?;
    project.up(&["server"])?;
    wait_until_healthy(&project)?;
    are_stored(&project, &expected[..2])?;
    project.up(&["client3", "client4", "client5"])?;
    have_winners(&project, &[1, 2, 3, 4, 5], &expected)?;
    are_stored(&project, &expected)
}

fn server_killed_early(world: &World) -> Outcome {
    let (project, expected) = (world.lottery("tokio"), generated()?);
    project.up(&["server"])?;
    wait_until_healthy(&project)?;
    project.run(&["up", "-d", "--no-build", "--no-deps", "client1", "client2"])?;
    project.wait_for("server", "apuesta_recibida")?;
    kill(&project, "server")?;
    let logs = project.logs("server")?;
    let told = logs.iter().filter(|line| line.is("apuesta_recibida")).map(|line| line.number("cantidad"));
    let told: u64 = told.sum();
    project.up(&["server"])?;
    wait_until_healthy(&project)?;
    let stored: u64 = project.count(2)?.iter().sum();
    ensure(told > 0 && stored >= told, || format!("{told} bets were acknowledged, and {stored} are stored"))?;
    project.up(&["client3", "client4", "client5"])?;
    have_winners(&project, &[1, 2, 3, 4, 5], &expected)?;
    are_stored(&project, &expected)
}

fn wait_until_healthy(project: &Project) -> Outcome {
    let container = project.container("server")?;
    for _ in 0..100 {
        if docker(["inspect", "-f", "{{.State.Health.Status}}", &container])? == "healthy" {
            return Ok(());
        }
        thread::sleep(Duration::from_millis(200));
    }
    Err("the server is not healthy".into())
}

fn network_cut(world: &World) -> Outcome {
    let (project, expected) = (world.lottery("tokio"), generated()?);
    project.up(&["server", "client1", "client2", "client3", "client4"])?;
    for client in clients(4) {
        project.wait_for(&client, "apuestas_enviadas")?;
    }
    let client = project.container("client1")?;
    let address = format!("{{{{(index .NetworkSettings.Networks \"{NETWORK}\").IPAddress}}}}");
    let address = docker(["inspect", "-f", &address, &client])?;
    docker(["network", "disconnect", NETWORK, &client])?;
    // Time enough for queries of the winners that get no reply.
    thread::sleep(Duration::from_secs(3));
    project.runs("client1")?;
    docker(["network", "connect", "--ip", &address, NETWORK, &client])?;
    project.run(&["up", "-d", "--no-build", "--no-deps", "client5"])?;
    have_winners(&project, &[1, 2, 3, 4, 5], &expected)?;
    are_stored(&project, &expected)
}
