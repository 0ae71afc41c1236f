//! Tasks of the project, run as `cargo xtask COMMAND`.

mod bench;
mod data;
mod demo;
mod dissector;
mod docker;
mod fuzz;
mod prove;
mod root;

use std::error::Error;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// The project's own tasks.
#[derive(Parser)]
#[command(name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Write the five generated agencies, agency-1.csv to agency-5.csv
    Data(data::Args),
    /// Measure, and write benches/REPORT.md and its plots
    BenchReport(bench::Args),
    /// Run a server and its agencies as processes, show their progress, and check what was stored
    Demo(demo::Args),
    /// Compare the Wireshark dissector with lottery-proto, by tshark and captures that it writes
    Dissector(dissector::Args),
    /// Make the Docker image lottery:latest from programs built on this machine; no image is pulled
    Images(docker::ImagesArgs),
    /// Write a Compose file with a server and N clients
    Compose(docker::ComposeArgs),
    /// Check the containers with the real engine: the course's exercises, lotteries, and faults
    DockerTest(docker::TestArgs),
    /// Fuzz every target, and print the outcomes
    Fuzz(fuzz::Args),
    /// Run every proof of the guarantees: memory, hostile peers, faults, chaos, fuzzing, simulation; print a
    /// table
    Prove(prove::Args),
}

fn main() -> ExitCode {
    let result: Result<(), Box<dyn Error>> = match Cli::parse().command {
        Command::Data(args) => data::run(&args).map_err(Into::into),
        Command::BenchReport(args) => bench::run(&args).map_err(Into::into),
        Command::Demo(args) => demo::run(&args).map_err(Into::into),
        Command::Dissector(args) => dissector::run(&args).map_err(Into::into),
        Command::Images(args) => docker::images(&args).map_err(Into::into),
        Command::Compose(args) => docker::compose(&args).map_err(Into::into),
        Command::DockerTest(args) => docker::test(&args).map_err(Into::into),
        Command::Fuzz(args) => fuzz::run(&args).map_err(Into::into),
        Command::Prove(args) => prove::run(&args).map_err(Into::into),
    };
    let Err(error) = result else { return ExitCode::SUCCESS };
    eprintln!("error: {error}");
    ExitCode::FAILURE
}
