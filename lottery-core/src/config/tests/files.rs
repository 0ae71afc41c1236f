//! Which files are read, and what is wrong with them.

use super::World;

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
    // Even if its name is the default's.
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
fn empty_files_and_a_mark_of_the_encoding_are_fine() {
    for text in ["", "\n\n", "# comment\n", "\u{feff}", "\u{feff}# comment\r\n"] {
        assert_eq!(World::new().file("config.ini", text).server(&[]), World::new().server(&[]), "{text:?}");
        assert_eq!(World::new().file("config.yaml", text).client(&[]), World::new().client(&[]), "{text:?}");
    }
    assert_eq!(World::new().file("config.ini", "\u{feff}SERVER_AGENCIES = 2").server(&[]).agencies, 2);
    assert_eq!(World::new().file("config.yaml", "\u{feff}loop:\n  amount: 2").client(&[]).loop_amount, 2);
}

#[test]
fn what_is_no_configuration() {
    let mut binary = b"A = 1\nB = ".to_vec();
    binary.push(0xff);
    let error = "config.ini: line 2: expected text in UTF-8";
    assert_eq!(World::new().file("config.ini", &binary).server_error(&[]), error);
    let huge = World::new().file("config.ini", vec![b'\n'; (1 << 20) + 1]);
    assert_eq!(huge.server_error(&[]), "config.ini: cannot read: longer than 1 MiB");
    World::new().file("config.ini", vec![b'\n'; 1 << 20]).server(&[]);
    let world = World::new();
    std::fs::create_dir(world.dir.path().join("config.ini")).unwrap();
    assert_eq!(world.server_error(&[]), "config.ini: cannot read: Is a directory (os error 21)");
}

#[test]
fn mistakes_in_a_file_name_it() {
    for (text, error) in [
        ("SERVER_PORTS = 1", "SERVER_PORTS: unknown key, did you mean SERVER_PORT?"),
        ("server_port = 1", "server_port: unknown key, did you mean SERVER_PORT?"),
        ("\nCOLOUR = red", "COLOUR: unknown key"),
        ("SERVER_CONFIG = a.ini", "SERVER_CONFIG: unknown key"),
        ("SERVER_IP = server\nSERVER_IP = server", "SERVER_IP: set more than once"),
        ("SERVER_PORT = 1\n[DEFAULT]\nSERVER_PORT = 1", "SERVER_PORT: set more than once"),
        ("SERVER_PORT = abc", "SERVER_PORT: \"abc\": expected a whole number from 0 to 65535"),
        ("SERVER_PORT =", "SERVER_PORT: \"\": expected a whole number from 0 to 65535"),
        ("[DEFAULT]\nSERVER_PORT", "line 2: \"SERVER_PORT\": expected KEY = VALUE"),
    ] {
        assert_eq!(World::new().file("config.ini", text).server_error(&[]), format!("config.ini: {error}"));
    }
    for (text, error) in [
        ("batch: {maxamount: 5}", "batch.maxamount: unknown key, did you mean batch.maxAmount?"),
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
            "line 1: log: invalid type: string \"INFO\", expected a section with log.level, log.time",
        ),
        ("log: {level: ", "line 2: did not find expected node content, while parsing a flow node"),
    ] {
        let world = World::new().file("config.yaml", text);
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
