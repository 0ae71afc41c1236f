//! Tests of the order of layers.

use super::World;
use crate::config::table::{Program, Row};
use crate::config::{Parsed, client, server};

/// Sets a setting in some of the layers, to a different value in each. Returns the value that wins, and its
/// line of `--print-config`.
fn server_with(file: bool, env: bool, flag: bool) -> (u32, String) {
    let mut world = World::new();
    if file {
        world = world.file("config.ini", "[DEFAULT]\nSERVER_AGENCIES = 2\n");
    }
    if env {
        world = world.env("SERVER_AGENCIES", "3");
    }
    let flags: &[&str] = if flag { &["--agencies", "4"] } else { &[] };
    let Ok(Parsed::Print(table)) = world.parse_server(&[flags, &["--print-config"]].concat()) else {
        panic!()
    };
    let line = table.lines().find(|line| line.starts_with("agencies ")).unwrap().to_owned();
    (world.server(flags).agencies, line)
}

#[test]
fn a_flag_beats_the_environment_then_the_file_then_the_default() {
    for (file, env, flag, value, origin) in [
        (false, false, false, 5, "default"),
        (true, false, false, 2, "config.ini"),
        (false, true, false, 3, "environment SERVER_AGENCIES"),
        (true, true, false, 3, "environment SERVER_AGENCIES"),
        (false, false, true, 4, "flag --agencies"),
        (true, false, true, 4, "flag --agencies"),
        (false, true, true, 4, "flag --agencies"),
        (true, true, true, 4, "flag --agencies"),
    ] {
        let (settled, line) = server_with(file, env, flag);
        assert_eq!(settled, value, "{file} {env} {flag}");
        let words: Vec<_> = line.split("  ").filter(|word| !word.is_empty()).map(str::trim).collect();
        assert_eq!(words, ["agencies", &value.to_string(), origin]);
    }
}

#[test]
fn layers_of_the_client_are_the_same() {
    let yaml = "loop:\n  amount: 2\n";
    assert_eq!(World::new().client(&[]).loop_amount, 5);
    assert_eq!(World::new().file("config.yaml", yaml).client(&[]).loop_amount, 2);
    assert_eq!(World::new().file("config.yaml", yaml).env("CLI_LOOP_AMOUNT", "3").client(&[]).loop_amount, 3);
    let all = World::new().file("config.yaml", yaml).env("CLI_LOOP_AMOUNT", "3");
    assert_eq!(all.client(&["--loop-amount", "4"]).loop_amount, 4);
}

#[test]
fn an_empty_variable_counts_as_not_set() {
    let world = World::new().env("SERVER_AGENCIES", "").env("SERVER_CONFIG", "");
    assert_eq!(world.server(&[]).agencies, 5);
    let world = World::new().file("config.ini", "SERVER_AGENCIES = 2").env("SERVER_AGENCIES", "");
    assert_eq!(world.server(&[]).agencies, 2);
    assert_eq!(World::new().env("CLI_BETS", "").client(&[]).bets, None);
}

#[test]
fn only_the_value_that_wins_is_validated() {
    let world = World::new().file("config.ini", "SERVER_AGENCIES = x").env("SERVER_PORT", "y");
    assert_eq!(world.server(&["--agencies", "4", "--port", "80"]).agencies, 4);
}

/// Returns the port that wins with `listen` in one layer, with a port of its own, and `port` in another.
/// `None` is the default; `same` makes both ports equal.
fn port(listen: Option<&str>, beside: Option<&str>, same: bool) -> Result<u16, String> {
    let (mut world, mut ini, mut flags) = (World::new(), String::new(), Vec::new());
    for (flag, var, value, layer) in [
        ("--listen", "SERVER_LISTEN", "127.0.0.1:1", listen),
        ("--port", "SERVER_PORT", if same { "1" } else { "2" }, beside),
    ] {
        match layer {
            Some("flag") => flags.extend([flag, value]),
            Some("env") => world = world.env(var, value),
            Some(_) => ini.extend([var, " = ", value, "\n"]),
            None => {}
        }
    }
    match world.file("config.ini", ini).parse_server(&flags) {
        Ok(Parsed::Run(settings)) => {
            assert_eq!(settings.listen.tcp().unwrap().ip().is_loopback(), listen.is_some());
            Ok(settings.listen.tcp().unwrap().port())
        }
        Ok(Parsed::Print(text)) => panic!("printed {text}"),
        Err(error) => Err(error.to_string()),
    }
}

#[test]
fn the_port_of_the_stronger_layer_wins_and_two_of_one_layer_must_agree() {
    let layers = [None, Some("file"), Some("env"), Some("flag")];
    for (strength, listen) in layers.into_iter().enumerate() {
        for (other, beside) in layers.into_iter().enumerate() {
            let expected = match (listen, beside) {
                (None, None) => Ok(12345),
                (None, Some(_)) => Ok(2),
                (Some(place), Some(_)) if strength == other => {
                    let place = match place {
                        "flag" => "--port",
                        "env" => "environment: SERVER_PORT",
                        _ => "config.ini: SERVER_PORT",
                    };
                    Err(format!("{place}: \"2\": expected 1 or nothing, as listen has a port of its own"))
                }
                _ => Ok(if strength > other { 1 } else { 2 }),
            };
            assert_eq!(port(listen, beside, false), expected, "{listen:?} {beside:?}");
            let agreed = if (listen, beside) == (None, None) { 12345 } else { 1 };
            assert_eq!(port(listen, beside, true), Ok(agreed), "{listen:?} {beside:?}");
        }
    }
}

/// Returns a program's settings without the one that names its file.
fn settings(program: &Program) -> Vec<Row> {
    program.rows[1..].to_vec()
}

#[test]
fn no_two_settings_share_a_name() {
    for program in [&server::PROGRAM, &client::PROGRAM] {
        let rows = settings(program);
        for (index, row) in rows.iter().enumerate() {
            assert!(!row.flag.is_empty() && !row.var.is_empty());
            for other in rows.iter().skip(index + 1).chain([&program.rows[0]]) {
                assert!(
                    row.flag != other.flag
                        && row.var != other.var
                        && (row.key != other.key || row.key.is_empty()),
                    "{row:?} {other:?}"
                );
            }
        }
    }
}

#[test]
fn every_setting_is_taken_from_every_layer() {
    // No setting takes a lone quotation mark except those that take any text.
    for row in settings(&server::PROGRAM) {
        // A setting that a file cannot set has no key.
        let no_key = row.key.is_empty();
        let free = ["data-dir", "echo-prefix"].contains(&row.flag);
        let errors = [
            World::new().parse_server(&[&format!("--{}=\"", row.flag)]).err().map(|error| error.to_string()),
            World::new().env(row.var, "\"").parse_server(&[]).err().map(|error| error.to_string()),
            World::new()
                .file("config.ini", if no_key { String::new() } else { format!("{} = \"", row.key) })
                .parse_server(&[])
                .err()
                .map(|error| error.to_string()),
        ];
        let places = [
            format!("--{}: ", row.flag),
            format!("environment: {}: ", row.var),
            format!("config.ini: {}: ", row.key),
        ];
        for (error, place) in errors.into_iter().zip(places) {
            match error {
                None => assert!(free || (no_key && place.starts_with("config.ini")), "{place}"),
                Some(error) => assert!(error.starts_with(&(place + r#""\"": expected "#)), "{error}"),
            }
        }
    }
}

#[test]
fn every_setting_of_the_client_is_taken_from_every_layer() {
    for row in settings(&client::PROGRAM) {
        // The fields of a single bet are validated when it is made.
        let bet_field = row.key.is_empty();
        let free = (bet_field && row.flag != "strict-config") || ["bets", "winners"].contains(&row.flag);
        let required = |world: World| world.env("CLI_ID", "1").env("CLI_SERVER_ADDRESS", "server:12345");
        let line = if bet_field { String::new() } else { format!("{}: '\"'\n", row.key) };
        let file = World::new().file("config.yaml", line);
        let file = match row.flag {
            "agency" => file.env("CLI_SERVER_ADDRESS", "server:12345"),
            "server" => file.env("CLI_ID", "1"),
            _ => required(file),
        };
        let errors = [
            required(World::new())
                .parse_client(&[&format!("--{}=\"", row.flag)])
                .err()
                .map(|e| e.to_string()),
            required(World::new().env(row.var, "\"")).parse_client(&[]).err().map(|e| e.to_string()),
            file.parse_client(&[]).err().map(|e| e.to_string()),
        ];
        let places = [
            format!("--{}: ", row.flag),
            format!("environment: {}: ", row.var),
            format!("config.yaml: {}: ", row.key),
        ];
        for (error, place) in errors.into_iter().zip(places) {
            match error {
                None => assert!(free || (bet_field && place.starts_with("config.yaml")), "{place}"),
                Some(error) => assert!(error.starts_with(&(place + r#""\"": expected "#)), "{error}"),
            }
        }
    }
}
