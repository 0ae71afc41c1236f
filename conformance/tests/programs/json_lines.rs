//! Log lines that are JSON objects: `--log-format json`, of both programs.

use rustix::process::Signal;
use serde_json::Value;

use crate::support::agency_files::Bets;
use crate::support::{Process, SOON, client, free_address, server_at};

on_every_runtime!(every_line_of_a_lottery_in_json_is_an_object);

/// Returns the objects of lines.
fn objects(lines: &[String]) -> Vec<Value> {
    let object = |line: &String| {
        let value: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{line}: {error}"));
        for key in ["timestamp", "level", "target", "action"] {
            assert!(value[key].is_string(), "{key}: {line}");
            assert_eq!(line.matches(&format!("\"{key}\":")).count(), 1, "{key}: {line}");
        }
        assert!(value["timestamp"].as_str().unwrap().ends_with('Z'), "{line}");
        value
    };
    lines.iter().map(object).collect()
}

/// True if one of the objects has all of these fields.
fn has(objects: &[Value], fields: &[(&str, Value)]) -> bool {
    objects.iter().any(|object| fields.iter().all(|(key, value)| object[*key] == *value))
}

fn every_line_of_a_lottery_in_json_is_an_object(runtime: &str) {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let address = free_address();
    let bets = Bets::make(dir, 1, 300);
    let mut server = server_at(runtime, dir, address);
    server.args(["--agencies", "1", "--log-level", "DEBUG"]).env("SERVER_LOG_FORMAT", "json");
    let server = Process::start(&mut server);
    server.line("\"action\":\"listen\"");
    std::fs::write(dir.join("config.yaml"), "log:\n  format: json\n  level: DEBUG\n").unwrap();
    let mut agency = client(runtime, dir, 1, address);
    agency.arg("--bets").arg(&bets.path).arg("--winners").arg(bets.winners_path());
    let (code, stdout, stderr) = Process::start(&mut agency).end(2 * SOON);
    assert_eq!((code, &stderr[..]), (Some(0), &[][..]), "{stdout:#?}");
    bets.check_winners();
    let sent = objects(&stdout);
    let config = [("action", "config".into()), ("result", "success".into()), ("client_id", 1.into())];
    assert!(has(&sent, &config), "{sent:#?}");
    // Errors stay lines of text on standard error.
    let mut missing = client(runtime, dir, 1, address);
    let (code, stdout, stderr) = Process::start(missing.args(["--bets", "missing.csv"])).end(SOON);
    assert_eq!((code, stderr.len()), (Some(1), 1), "{stderr:#?}");
    assert!(stderr[0].starts_with("error: missing.csv: "), "{stderr:#?}");
    let failed = [("action", "exit".into()), ("result", "fail".into()), ("level", "ERROR".into())];
    assert!(has(&objects(&stdout), &failed), "{stdout:#?}");

    server.signal(Signal::TERM);
    let (code, stdout, stderr) = server.end(SOON);
    assert_eq!((code, &stderr[..]), (Some(0), &[][..]), "{stdout:#?}");
    let kept = objects(&stdout);
    let ip = ("ip", Value::from("127.0.0.1"));
    for fields in [
        &[
            ("action", "accept_connections".into()),
            ("result", "success".into()),
            ip,
            ("level", "INFO".into()),
        ][..],
        &[("action", "apuesta_recibida".into()), ("result", "success".into())],
        &[("action", "sorteo".into()), ("result", "success".into())],
        &[("action", "exit".into()), ("result", "success".into())],
    ] {
        assert!(has(&kept, fields), "{fields:?}: {kept:#?}");
    }
    assert!(kept.iter().any(|object| object["cantidad"].is_u64()), "numbers are numbers: {kept:#?}");
}
