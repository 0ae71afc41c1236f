//! Standard output and standard error that nobody reads, or late; and the time of log lines.

use std::io::{BufRead as _, BufReader, PipeReader, PipeWriter, Read as _, Write as _, pipe};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use rustix::pipe::fcntl_setpipe_size;
use rustix::process::Signal;

use crate::support::agency_files::{Bets, stored};
use crate::support::{Process, SOON, client, command, free_address, server, server_at, server_program};

on_every_runtime!(
    a_full_standard_output_stops_no_server,
    lines_that_did_not_fit_are_counted_when_somebody_reads,
    a_full_standard_output_stops_no_client,
    a_full_standard_error_stops_no_program,
    the_last_lines_are_written_however_late_they_are_read,
    log_lines_can_have_the_time_of_the_machine,
);

/// Returns a pipe that is full.
fn full_pipe() -> (PipeReader, PipeWriter) {
    let (reader, mut writer) = pipe().unwrap();
    let flags = fcntl_getfl(&writer).unwrap();
    fcntl_setfl(&writer, flags | OFlags::NONBLOCK).unwrap();
    while writer.write(b"\n").is_ok() {}
    fcntl_setfl(&writer, flags).unwrap();
    (reader, writer)
}

fn agency(runtime: &str, dir: &Path, bets: &Bets, address: SocketAddr) -> Command {
    let mut client = client(runtime, dir, bets.agency, address);
    client.arg("--bets").arg(&bets.path).arg("--winners").arg(bets.winners_path());
    client
}

/// Sends a line to the server, as soon as it listens, and reads it back.
fn echo(address: SocketAddr, line: &str) {
    let start = Instant::now();
    let mut socket = loop {
        match TcpStream::connect(address) {
            Ok(socket) => break socket,
            Err(error) => assert!(start.elapsed() < SOON, "{error}"),
        }
        thread::sleep(Duration::from_millis(5));
    };
    socket.set_read_timeout(Some(2 * SOON)).unwrap();
    writeln!(socket, "{line}").unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).unwrap();
    assert_eq!(answer.trim_end(), line);
}

fn a_full_standard_output_stops_no_server(runtime: &str) {
    let dir = tempfile::tempdir().unwrap();
    let bets = Bets::make(dir.path(), 1, 500);
    let address = free_address();
    let (reader, writer) = full_pipe();
    let mut server = server_at(runtime, dir.path(), address);
    let server = Process::spawn(server.args(["--agencies", "1", "--log-level", "DEBUG"]).stdout(writer));
    for nth in 0..100 {
        echo(address, &format!("line {nth}"));
    }
    let (code, _, stderr) = Process::start(&mut agency(runtime, dir.path(), &bets, address)).end(2 * SOON);
    assert_eq!((code, &stderr[..]), (Some(0), &[][..]));
    bets.check_winners();
    server.signal(Signal::TERM);
    let (code, _, stderr) = server.end(SOON);
    assert_eq!((code, &stderr[..]), (Some(0), &[][..]));
    assert_eq!(stored(&dir.path().join("data"), &[bets]), [500]);
    drop(reader);
}

fn lines_that_did_not_fit_are_counted_when_somebody_reads(runtime: &str) {
    let dir = tempfile::tempdir().unwrap();
    let address = free_address();
    let (reader, writer) = pipe().unwrap();
    let server = Process::spawn(server_at(runtime, dir.path(), address).stdout(writer));
    // More lines than a pipe and the queue hold, at some 150 bytes each.
    let echoes = 9_000;
    for nth in 0..echoes {
        echo(address, &format!("line {nth}"));
    }
    let (found, lost) = channel();
    let reading = thread::spawn(move || {
        let lines = BufReader::new(reader).lines().map(Result::unwrap);
        lines
            .inspect(|line| {
                if line.contains("lost_lines: ") {
                    found.send(()).unwrap();
                }
            })
            .collect::<Vec<_>>()
    });
    lost.recv_timeout(2 * SOON).expect("a line that says how many were lost");
    echo(address, "last");
    server.signal(Signal::TERM);
    assert_eq!(server.end(SOON).0, Some(0));
    let lines = reading.join().unwrap();
    let counts: Vec<usize> = lines
        .iter()
        .filter_map(|line| line.split_once("WARNING  action: log | result: fail | lost_lines: "))
        .map(|(_, count)| count.parse().unwrap())
        .collect();
    // Each line that came back has a log line, and other events of a connection have some.
    let written = lines.len() - counts.len();
    assert!(counts.iter().all(|count| *count > 0), "{counts:?}");
    assert!(written + counts.iter().sum::<usize>() > echoes, "{written} written, lost {counts:?}");
    assert!(lines.iter().all(|line| line.contains(" action: ")), "every line is whole");
    assert!(lines.last().unwrap().ends_with("action: exit | result: success"), "{lines:#?}");
}

fn a_full_standard_output_stops_no_client(runtime: &str) {
    let dir = tempfile::tempdir().unwrap();
    let server = Process::start(server(runtime, dir.path()).args(["--agencies", "2"]));
    let address = server.address();
    let [one, two] = [1, 2].map(|agency| Bets::make(dir.path(), agency, 300));
    let (_reader, writer) = full_pipe();
    let first =
        Process::spawn(agency(runtime, dir.path(), &one, address).stdout(writer.try_clone().unwrap()));
    server.line("action: agency_finished | result: success | agency: 1");
    // The client waits for the draw: a signal ends it.
    first.signal(Signal::TERM);
    first.status(SOON);
    let first = Process::spawn(agency(runtime, dir.path(), &one, address).stdout(writer));
    assert_eq!(Process::start(&mut agency(runtime, dir.path(), &two, address)).end(2 * SOON).0, Some(0));
    // Its work is done, and its lines wait for a reader; a signal ends the wait.
    let start = Instant::now();
    while std::fs::read_to_string(one.winners_path()).is_ok_and(|text| text.is_empty())
        || !one.winners_path().exists()
    {
        assert!(start.elapsed() < 2 * SOON);
        thread::sleep(Duration::from_millis(5));
    }
    first.signal(Signal::TERM);
    // The signal came when all was done, or a moment before the client could report it.
    assert!(matches!(first.end(SOON).0, Some(0 | 1)));
    one.check_winners();
    server.stop(Signal::TERM);
}

fn a_full_standard_error_stops_no_program(runtime: &str) {
    let dir = tempfile::tempdir().unwrap();
    let (_reader, writer) = full_pipe();
    let nowhere = SocketAddr::from(([127, 0, 0, 1], 1));
    let mut client = client(runtime, dir.path(), 1, nowhere);
    client.args(["--bets", "missing.csv"]);
    let mut usage = command(server_program(runtime), dir.path());
    usage.args(["--port", "x"]);
    std::fs::write(dir.path().join("data"), "a file").unwrap();
    for (command, code) in [(client, 1), (usage, 2), (server(runtime, dir.path()), 1)] {
        let mut command = command;
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(writer.try_clone().unwrap());
        let mut child = command.spawn().unwrap();
        let start = Instant::now();
        let status = loop {
            if let Some(status) = child.try_wait().unwrap() {
                break status;
            }
            if start.elapsed() > 2 * SOON {
                child.kill().unwrap();
                child.wait().unwrap();
                panic!("{command:?} still runs");
            }
            thread::sleep(Duration::from_millis(5));
        };
        assert_eq!(status.code(), Some(code), "{command:?}");
    }
}

fn the_last_lines_are_written_however_late_they_are_read(runtime: &str) {
    let dir = tempfile::tempdir().unwrap();
    let server = Process::start(&mut server(runtime, dir.path()));
    let address = server.address();
    let (reader, writer) = pipe().unwrap();
    let holds = fcntl_setpipe_size(&writer, 4096).unwrap();
    let mut loops = client(runtime, dir.path(), 3, address);
    loops.args(["echo", "--loop-amount", "200", "--loop-period", "0s"]);
    let running = Process::spawn(loops.stdout(writer));
    // An open handle would keep the pipe open.
    drop(loops);
    // The work is done, and its lines are more than a pipe holds.
    server.line("msg: [CLIENT 3] Message N°200");
    assert!(running.is_running());
    let lines: Vec<String> = BufReader::with_capacity(1000, reader).lines().map(Result::unwrap).collect();
    assert_eq!(running.end(SOON).0, Some(0));
    assert_eq!(lines.iter().filter(|line| line.contains("action: receive_message")).count(), 200);
    assert!(lines.iter().map(String::len).sum::<usize>() > 2 * holds, "more than a pipe holds");
    assert!(lines.last().unwrap().contains("action: exit | result: success"), "{lines:#?}");
    server.stop(Signal::TERM);
}

/// Returns the minute of the day at which a client has logged its settings, in this time zone.
fn minute(runtime: &str, dir: &Path, zone: &str, flags: &[&str]) -> i32 {
    let mut client = client(runtime, dir, 1, ([127, 0, 0, 1], 1).into());
    client.env("TZ", zone).args(flags).args(["echo", "--loop-amount", "0"]);
    let (code, stdout, stderr) = Process::start(&mut client).end(SOON);
    assert_eq!((code, &stderr[..]), (Some(0), &[][..]), "{stdout:#?}");
    // 2024-08-21 22:11:15
    let number = |from: usize| stdout[0][from..from + 2].parse::<i32>().unwrap();
    number(11) * 60 + number(14)
}

fn log_lines_can_have_the_time_of_the_machine(runtime: &str) {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    // Seven hours and a half before UTC; time goes on meanwhile, but not by an hour.
    let local = minute(runtime, dir, "<+0730>-7:30", &["--log-time", "local"]);
    let utc = minute(runtime, dir, "<+0730>-7:30", &[]);
    assert!((utc + 450 - local).rem_euclid(24 * 60) < 60, "{local} {utc}");
    let west = minute(runtime, dir, "<-03>3", &["--log-time=local"]);
    assert!((utc - 180 - west + 60).rem_euclid(24 * 60) < 120, "{west} {utc}");
    let mut server = server(runtime, dir);
    let wrong = server.env("TZ", "Nowhere/Nothing").args(["--log-time", "local"]);
    let (code, _, stderr) = Process::start(wrong).end(SOON);
    assert_eq!(code, Some(2), "{stderr:#?}");
    assert!(
        stderr[0].starts_with("error: log-time: the time zone of this machine is not known"),
        "{stderr:#?}"
    );
}
