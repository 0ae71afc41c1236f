//! Tests of configuration files: their selection and their mistakes.

use super::World;
use crate::config::Parsed;
use crate::log::Level;
use crate::logged::logged;

#[test]
fn the_default_file_need_not_be_there() {
    World::new().server(&[]);
    World::new().client(&[]);
}

#[test]
fn a_named_file_must_be_there() {
    let missing = "nope: cannot read: No such file or directory (os error 2)";
    assert_eq!(World::new().server_error(&["--config", "nope"]), missing);
    assert_eq!(World::new().env("SERVER_CONFIG", "nope").server_error(&[]), missing);
    assert_eq!(World::new().client_error(&["--config", "nope"]), missing);
    assert_eq!(World::new().env("CLI_CONFIG", "nope").client_error(&[]), missing);
    // The file must exist even if its name is the default's.
    assert!(World::new().server_error(&["--config", "config.ini"]).starts_with("config.ini: cannot read: "));
}

#[test]
fn the_flag_for_the_file_beats_its_variable() {
    let world = World::new()
        .file("config.ini", "SERVER_AGENCIES = 1")
        .file("a.ini", "SERVER_AGENCIES = 2")
        .file("b.ini", "SERVER_AGENCIES = 3")
        .env("SERVER_CONFIG", "a.ini");
    assert_eq!(world.server(&[]).agencies, 2);
    assert_eq!(world.server(&["--config", "b.ini"]).agencies, 3);
}

#[test]
fn empty_files_and_a_mark_of_the_encoding_are_accepted() {
    for text in ["", "\n\n", "# comment\n", "\u{feff}", "\u{feff}# comment\r\n"] {
        assert_eq!(World::new().file("config.ini", text).server(&[]), World::new().server(&[]), "{text:?}");
        assert_eq!(World::new().file("config.yaml", text).client(&[]), World::new().client(&[]), "{text:?}");
    }
    assert_eq!(World::new().file("config.ini", "\u{feff}SERVER_AGENCIES = 2").server(&[]).agencies, 2);
    assert_eq!(World::new().file("config.yaml", "\u{feff}loop:\n  amount: 2").client(&[]).loop_amount, 2);
}

#[test]
fn a_file_that_is_no_configuration_is_rejected() {
    let mut binary = b"A = 1\nB = ".to_vec();
    binary.push(0xff);
    let error = "config.ini: line 2: expected text in UTF-8";
    assert_eq!(World::new().file("config.ini", &binary).server_error(&[]), error);
    let huge = World::new().file("config.ini", vec![b'\n'; (64 << 10) + 1]);
    assert_eq!(huge.server_error(&[]), "config.ini: cannot read: longer than 64 KiB");
    World::new().file("config.ini", vec![b'\n'; 64 << 10]).server(&[]);
    let deep = World::new().file("config.yaml", "a: ".to_owned() + &"[".repeat(60_000));
    assert_eq!(deep.client_error(&[]), "config.yaml: more than 2000 lists and sections");
    let world = World::new();
    std::fs::create_dir(world.dir.path().join("config.ini")).unwrap();
    assert_eq!(world.server_error(&[]), "config.ini: cannot read: Is a directory (os error 21)");
}

#[test]
fn mistakes_in_a_file_name_it() {
    for (text, error) in [
        ("SERVER_PORTS = 1", "SERVER_PORTS: unknown key, did you mean SERVER_PORT?"),
        ("\nCOLOUR = red", "COLOUR: unknown key"),
        ("SERVER_CONFIG = a.ini", "SERVER_CONFIG: unknown key"),
        ("SERVER_IP = server\nSERVER_IP = server", "SERVER_IP: set more than once"),
        ("SERVER_PORT = 1\nserver_port = 1", "SERVER_PORT: set more than once"),
        ("SERVER_PORT = 1\n[DEFAULT]\nSERVER_PORT = 1", "SERVER_PORT: set more than once"),
        ("SERVER_PORT = abc", "SERVER_PORT: \"abc\": expected a whole number from 0 to 65535"),
        ("SERVER_PORT =", "SERVER_PORT: \"\": expected a whole number from 0 to 65535"),
        ("[DEFAULT]\nSERVER_PORT", "line 2: \"SERVER_PORT\": expected KEY = VALUE"),
    ] {
        let strict = World::new().file("config.ini", text).server_error(&["--strict-config"]);
        assert_eq!(strict, format!("config.ini: {error}"));
    }
    for (text, error) in [
        ("batch: {maxamounts: 5}", "batch.maxamounts: unknown key, did you mean batch.maxAmount?"),
        ("colour: {red: [1]}", "colour: unknown key"),
        ("\"a\\nb\": 1", "a\\nb: unknown key"),
        ("loop: {amount: 1}\nloop.amount: 2", "loop.amount: set more than once"),
        ("id: 1\nid: 1", "id: set more than once"),
        ("batch:\n  maxAmount: abc", "batch.maxAmount: \"abc\": expected a whole number from 1 to 1000000"),
        ("batch:\n  maxAmount:", "batch.maxAmount: \"\": expected a whole number from 1 to 1000000"),
        ("bets:", "bets: \"\": expected a path"),
        ("loop: {period: 5}", "loop.period: \"5\": expected a duration such as 150ms, 5s or 1m30s"),
        ("bets: [a, b]", "line 1: bets: invalid type: sequence, expected one value"),
        ("loop:\n  amount: {a: b}", "line 2: loop.amount: invalid type: map, expected one value"),
        (
            "log: INFO",
            "line 1: log: invalid type: string \"INFO\", expected a section with log.level, log.format, log.time",
        ),
        ("log: {level: ", "line 2: did not find expected node content, while parsing a flow node"),
    ] {
        let world = World::new().file("config.yaml", text).env("CLI_STRICT_CONFIG", "true");
        let flags: &[&str] = if text.starts_with("id") { &[] } else { &["--agency", "1", "--server", "s:1"] };
        assert_eq!(world.client_error(flags), format!("config.yaml: {error}"));
    }
}

#[test]
fn the_files_of_the_course_are_read() {
    let ini = "[DEFAULT]\nSERVER_PORT = 12345\nSERVER_IP = server\nSERVER_LISTEN_BACKLOG = 5\nLOGGING_LEVEL = INFO\n";
    let server = World::new().file("config.ini", ini).server(&[]);
    assert_eq!((server.listen.to_string().as_str(), server.listen_backlog), ("0.0.0.0:12345", 5));
    let yaml = "server:\n  address: \"server:12345\"\nloop:\n  amount: 5\n  period: \"5s\"\nlog:\n  level: \"DEBUG\"\n\
                batch:\n  maxAmount: 10\n";
    let world = World::new().file("config.yaml", yaml).env("CLI_ID", "3");
    let client = super::run(world.parse_client(&[]));
    assert_eq!((client.agency, client.server.to_string().as_str()), (3, "server:12345"));
    assert_eq!((client.batch_max_amount, client.log_level.text.as_str()), (Some(10), "DEBUG"));
}

#[test]
fn keys_are_the_same_in_upper_and_lower_case() {
    for ini in [
        "server_port = 9\n",
        "Server_Port: 9\nserver_ip = x\n",
        "[DEFAULT]\nSERVER_PORT=9\nlogging_level=info\n",
    ] {
        let settings = World::new().file("config.ini", ini).server(&["--strict-config"]);
        assert_eq!(settings.listen.tcp().unwrap().port(), 9, "{ini}");
    }
    for yaml in [
        "batch: {maxamount: 7}\nloop: {lapse: 20s, period: 1s}\n",
        "BATCH:\n  MAXAMOUNT: 7\nloop.lapse: 0m20s\n",
        "Batch.MaxAmount: 7\nLOOP: {LAPSE: x}\n",
    ] {
        let settings = World::new().file("config.yaml", yaml).client(&["--strict-config"]);
        assert_eq!(settings.batch_max_amount, Some(7), "{yaml}");
    }
}

#[test]
fn unknown_keys_are_warnings_with_the_nearest_known_one() {
    let server =
        World::new().file("config.ini", "COLOUR = red\nSERVER_PORTS = 1\nSERVER_PORT = 9\n").server(&[]);
    assert_eq!(server.listen.tcp().unwrap().port(), 9);
    let lines = logged(Level::Info, || server.log());
    let warning = |reason: &str| format!("WARNING  action: config_file | result: fail | reason: {reason}");
    assert_eq!(
        lines[1..],
        [
            warning("config.ini: COLOUR: unknown key"),
            warning("config.ini: SERVER_PORTS: unknown key, did you mean SERVER_PORT?"),
        ]
    );
    let client = World::new().file("config.yaml", "loop: {amuont: 3}\nprotocol: {x: [1]}\n").client(&[]);
    let lines = logged(Level::Info, || client.log());
    assert_eq!(
        lines[1..],
        [
            warning("config.yaml: loop.amuont: unknown key, did you mean loop.amount?"),
            warning("config.yaml: protocol: unknown key"),
        ]
    );
    let world = World::new().file("config.ini", "COLOUR = red\n");
    let Ok(Parsed::Print(table)) = world.parse_server(&["--print-config"]) else { panic!() };
    assert!(table.ends_with("\nconfig.ini: COLOUR: unknown key\n"), "{table}");
}

#[test]
fn sixteen_unknown_keys_are_named_and_the_others_counted() {
    let many = (0..6000).map(|nth| format!("A{nth}=")).collect::<Vec<_>>().join("\n");
    let settings = World::new().file("config.ini", many).server(&[]);
    let lines = logged(Level::Info, || settings.log());
    assert_eq!(lines.len(), 1 + 16 + 1);
    assert!(lines[17].ends_with("config.ini: 5984 more unknown keys"), "{lines:#?}");
}
