//! Tests of the values that settings of an agency take.

use std::path::Path;
use std::time::Duration;

use super::World;
use crate::config::{HostPort, Parsed, ServerAddress};
use crate::log::Level;
use lottery_proto::Dialect;

#[test]
fn the_client_has_defaults() {
    let settings = World::new().client(&[]);
    assert_eq!((settings.agency, settings.server.to_string().as_str()), (1, "server:12345"));
    assert_eq!((settings.bets, settings.dialect, settings.batch_max_amount), (None, Dialect::SESSION, None));
    assert_eq!((settings.loop_amount, settings.loop_period.value), (5, Duration::from_secs(5)));
    assert_eq!((settings.loop_period.text.as_str(), settings.log_level.text.as_str()), ("5s", "INFO"));
    assert_eq!(settings.log_level.value, Level::Info);
    let seconds = [settings.poll_initial, settings.poll_max, settings.answer_timeout, settings.hello_timeout];
    assert_eq!(seconds, [1, 60, 60, 5].map(Duration::from_secs));
}

#[test]
fn agency_and_server_are_required() {
    let ways = "expected --agency N, the environment variable CLI_ID or AGENCIA or the key id";
    assert_eq!(World::new().client_error(&["--server", "s:1"]), format!("agency is not set: {ways}"));
    let ways = "expected --server HOST:PORT, the environment variable CLI_SERVER_ADDRESS or SERVER_IP:SERVER_PORT \
                or the key server.address";
    assert_eq!(World::new().client_error(&["--agency", "1"]), format!("server is not set: {ways}"));
}

#[test]
fn addresses_of_the_server_are_parsed() {
    for (text, host, port) in [
        ("server:12345", "server", 12345),
        ("127.0.0.1:1", "127.0.0.1", 1),
        ("[::1]:65535", "::1", 65535),
        ("[fe80::1%eth0]:80", "fe80::1%eth0", 80),
        ("a-b.example_c:80", "a-b.example_c", 80),
    ] {
        let server = World::new().client(&["--loop-amount", "0"]).server;
        assert_eq!(server.to_string(), "server:12345");
        let world = World::new().env("CLI_SERVER_ADDRESS", text).env("CLI_ID", "1");
        let server = super::run(world.parse_client(&[])).server;
        assert_eq!(server.to_string(), text);
        assert_eq!(server, ServerAddress::Tcp(HostPort { host: host.to_owned(), port }));
    }
    let local =
        super::run(World::new().env("CLI_ID", "1").parse_client(&["--server", "unix:/run/lottery.socket"]))
            .server;
    assert_eq!(local, ServerAddress::Local("/run/lottery.socket".into()));
    // A host may have that name.
    let host = super::run(World::new().env("CLI_ID", "1").parse_client(&["--server", "unix:80"])).server;
    assert_eq!(host, ServerAddress::Tcp(HostPort { host: "unix".to_owned(), port: 80 }));
    let long = format!("unix:/{}", "x".repeat(107));
    let error = World::new().client_error(&["--agency", "1", "--server", &long]);
    assert_eq!(error, format!("--server: {long:?}: expected unix:PATH with a path of at most 107 bytes"));
    for text in [
        "server",
        "server:",
        ":80",
        "server:0",
        "server:65536",
        "server:+1",
        "::1:80",
        "[::1]",
        "[::1:80",
        "[a]:80",
        "[]:80",
        "[::1%]:80",
        "http://server:80",
        "a b:80",
        "server :80",
        "server:80 ",
    ] {
        let error = World::new().client_error(&["--agency", "1", "--server", text]);
        assert_eq!(
            error,
            format!("--server: {text:?}: expected HOST:PORT with a port from 1 to 65535, or unix:PATH")
        );
    }
}

#[test]
fn client_numbers_outside_their_range_are_rejected() {
    for (flag, var, low, high) in
        [("--batch-max-amount", "CLI_BATCH_MAXAMOUNT", 1, 1_000_000), ("--agency", "CLI_ID", 1, 99_999)]
    {
        for bad in [(low - 1).to_string(), (high + 1).to_string(), "abc".into()] {
            let expected = format!("{bad:?}: expected a whole number from {low} to {high}");
            let world = World::new().env("CLI_SERVER_ADDRESS", "s:1");
            let flags = [flag, bad.as_str(), "--agency", "1"];
            let flags = if flag == "--agency" { &flags[..2] } else { &flags };
            assert_eq!(world.client_error(flags), format!("{flag}: {expected}"));
            let world = World::new().env(var, bad).env("CLI_SERVER_ADDRESS", "s:1").env("CLI_ID", "1");
            assert_eq!(world.client_error(&[]), format!("environment: {var}: {expected}"));
        }
    }
    assert_eq!(World::new().client(&["--batch-max-amount", "1000000"]).batch_max_amount, Some(1_000_000));
    assert_eq!(World::new().client(&["--loop-amount", "0"]).loop_amount, 0);
}

#[test]
fn paths_and_dialects_are_parsed() {
    assert_eq!(World::new().client(&["--bets", "a.csv"]).bets.as_deref(), Some(Path::new("a.csv")));
    assert!(World::new().client(&["--retry-for", "0s"]).retry_for.is_zero());
    assert_eq!(World::new().env("CLI_DIALECT", "block").client(&[]).dialect, Dialect::BLOCK);
    let error =
        World::new().env("CLI_DIALECT", "morse").env("CLI_ID", "1").client_error(&["--server", "s:1"]);
    assert_eq!(
        error,
        "environment: CLI_DIALECT: \"morse\": expected block or session or fixed or framed or braces or \
         short or columns or line or bare"
    );
}

#[test]
fn period_and_level_keep_their_text() {
    let settings = World::new().client(&["--loop-period", "0m20s", "--log-level", "Warn"]);
    assert_eq!(
        (settings.loop_period.value, settings.loop_period.text.as_str()),
        (Duration::from_secs(20), "0m20s")
    );
    assert_eq!((settings.log_level.value, settings.log_level.text.as_str()), (Level::Warning, "Warn"));
    assert!(World::new().client(&["--loop-period", "0"]).loop_period.value.is_zero());
}

#[test]
fn pauses_that_contradict_each_other_are_rejected() {
    let equal = World::new().client(&["--poll-initial", "3s", "--poll-max", "3s"]);
    assert_eq!(equal.poll_initial, equal.poll_max);
    for (flags, error) in [
        (&["--poll-initial", "2m"][..], "--poll-initial: \"2m\": expected at most poll-max, which is 60s"),
        (&["--poll-max", "1ms"], "--poll-max: \"1ms\": expected at least poll-initial, which is 1s"),
        (
            &["--poll-initial", "2s", "--poll-max", "1s"],
            "--poll-max: \"1s\": expected at least poll-initial, which is 2s",
        ),
        (
            &["--poll-max", "0"],
            "--poll-max: \"0\": expected a duration above zero such as 150ms, 5s or 1m30s",
        ),
    ] {
        assert_eq!(World::new().client_error(flags), error);
    }
}

#[test]
fn an_empty_path_for_winners_is_rejected() {
    let error = World::new().client_error(&["--agency", "1", "--server", "s:1", "--winners="]);
    assert_eq!(error, "--winners: \"\": expected a path");
}

#[test]
fn a_switch_is_on_when_its_flag_stands_alone() {
    for (flags, on) in [
        (&[][..], false),
        (&["--force"], true),
        (&["--force=true"], true),
        (&["--force=false"], false),
        // The next word is not the switch's value.
        (&["--force", "bet"], true),
    ] {
        let settings = World::new().env("CLI_FORCE", "").client(flags);
        assert_eq!(settings.force, on, "{flags:?}");
    }
    assert!(World::new().env("CLI_FORCE", "true").client(&[]).force);
    assert!(!World::new().env("CLI_FORCE", "true").client(&["--force=false"]).force);
    assert!(World::new().file("config.yaml", "force: true").client(&[]).force);
    let error = World::new().client_error(&["--agency", "1", "--server", "s:1", "--force=yes"]);
    assert_eq!(error, "--force: \"yes\": expected true or false");
}

#[test]
fn debug_shows_nothing_of_a_bet() {
    let bet = ["Ana María", "Núñez", "20000001", "1980-01-01"];
    let names = ["--first-name", "--last-name", "--document", "--birthdate"];
    let flags: Vec<&str> = names.into_iter().zip(bet).flat_map(|(name, value)| [name, value]).collect();
    let settings = World::new().client(&flags);
    assert_eq!(settings.bet.0[2].as_deref(), Some("20000001"));
    let shown = format!("{settings:?}");
    assert!(shown.contains("bet: BetFields(4 of 5)"), "{shown}");
    assert!(bet.iter().all(|secret| !shown.contains(secret)), "{shown}");
}

/// Variables of the programs of each stage: first name, last name, document, birth date, number.
const BETS: [[&str; 5]; 4] = [
    ["NOMBRE", "APELLIDO", "DOCUMENTO", "NACIMIENTO", "NUMERO"],
    ["NOMBRE", "APELLIDO", "DNI", "NACIMIENTO", "NUMERO"],
    ["CLI_BET_NAME", "CLI_BET_SURNAME", "CLI_BET_DOCUMENT", "CLI_BET_BIRTHDAY", "CLI_BET_NUMBER"],
    [
        "CLI_TESTBET_NAME",
        "CLI_TESTBET_SURNAME",
        "CLI_TESTBET_DOCUMENT_ID",
        "CLI_TESTBET_DATE_OF_BIRTH",
        "CLI_TESTBET_WAGERED_NUMBER",
    ],
];

#[test]
fn a_bet_is_taken_from_the_variables_of_every_stage() {
    let values = ["Ana", "Paz", "20000001", "1980-01-01", "7574"];
    for names in BETS {
        let world =
            names.into_iter().zip(values).fold(World::new(), |world, (name, value)| world.env(name, value));
        let bet = world.client(&[]).bet;
        assert!(bet.any() && bet.missing().is_empty());
        assert_eq!(bet.0, values.map(|value| Some(value.to_owned())), "{names:?}");
        assert_eq!(world.client(&["--number", "8"]).bet.0[4].as_deref(), Some("8"), "a flag beats them");
    }
    assert!(!World::new().client(&[]).bet.any());
}

#[test]
fn a_bet_that_is_not_whole_says_what_is_missing() {
    let bet = World::new().env("CLI_BET_NAME", "Ana").env("DNI", "1").client(&["--number=7"]).bet;
    let missing = [
        "--last-name (APELLIDO, CLI_BET_SURNAME, CLI_TESTBET_SURNAME)",
        "--birthdate (NACIMIENTO, CLI_BET_BIRTHDAY, CLI_TESTBET_DATE_OF_BIRTH)",
    ];
    assert_eq!(bet.missing(), missing);
}

#[test]
fn two_variables_for_one_setting_must_have_one_value() {
    let world = || World::new().env("CLI_ID", "1").env("CLI_SERVER_ADDRESS", "s:1");
    let twice = |value| world().env("DNI", "20000001").env("CLI_BET_DOCUMENT", value);
    let error = twice("20000002").client_error(&[]);
    let place = "environment: DNI and CLI_BET_DOCUMENT";
    assert_eq!(error, format!("{place}: (not shown): expected one of them, or one value"));
    assert_eq!(twice("20000001").client(&[]).bet.0[2].as_deref(), Some("20000001"));
    assert_eq!(
        twice("20000002").client(&["--document=7"]).bet.0[2].as_deref(),
        Some("7"),
        "a flag beats both"
    );
    let error = world().env("AGENCIA", "2").client_error(&[]);
    assert!(error.starts_with("environment: CLI_ID and AGENCIA: "), "{error}");
}

#[test]
fn an_address_in_two_variables_is_joined() {
    let world = || World::new().env("AGENCIA", "4").env("SERVER_IP", "server");
    let Ok(Parsed::Run(settings)) = world().env("SERVER_PORT", "12345").parse_client(&[]) else { panic!() };
    assert_eq!((settings.agency, settings.server.to_string().as_str()), (4, "server:12345"));
    let error = world().client_error(&[]);
    assert!(error.starts_with("server is not set") && error.contains("SERVER_IP:SERVER_PORT"), "{error}");
    let error = world().env("SERVER_PORT", "x").client_error(&[]);
    assert!(error.starts_with("environment: SERVER_IP:SERVER_PORT: \"server:x\""), "{error}");
    // Systems that run containers set this alone, for any server.
    let other = World::new().env("SERVER_PORT", "tcp://10.0.0.1:80").client(&[]);
    assert_eq!(other.server.to_string(), "server:12345");
}

#[cfg(unix)]
#[test]
fn an_error_in_a_bet_does_not_show_it() {
    use std::ffi::OsString;
    use std::os::unix::ffi::OsStringExt;

    // A terminal that is not set to UTF-8 writes such bytes.
    let latin = || OsString::from_vec(b"Nu\xf1ez".to_vec());
    for name in BETS.into_iter().flatten() {
        let world = World::new().env("CLI_ID", "1").env("CLI_SERVER_ADDRESS", "s:1").env(name, latin());
        let expected = format!("environment: {name}: (not shown): expected UTF-8");
        assert_eq!(world.client_error(&["bet"]), expected);
    }
}
