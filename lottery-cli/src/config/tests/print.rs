//! Tests of text that is printed instead of running: help, version, configuration; and of invalid command
//! lines.

use std::ffi::OsString;

use super::{World, ours};
use crate::config::parse::{BARE_ANSWERS, FINISHED_ANSWERS, LOG_FORMATS, LOG_TIMES, Names, STORES};
use crate::config::table::{Program, Row};
use crate::config::{self, ConfigError, Parsed};
use lottery_proto::Dialect;

fn printed<T: std::fmt::Debug>(parsed: Result<Parsed<T>, ConfigError>) -> String {
    match parsed.unwrap() {
        Parsed::Print(text) => text,
        Parsed::Run(settings) => panic!("{settings:?}"),
    }
}

#[test]
fn print_config_shows_server_values_with_their_origins() {
    let world = World::new().file("my.ini", "SERVER_AGENCIES = 3\n").env("SERVER_STORE", "memory");
    let flags = ["--config", "my.ini", "--listen", "[::1]:80", "--data-dir", "a\nñ", "--print-config"];
    assert_eq!(
        printed(world.parse_server(&flags)),
        "\
setting                 value                                                           origin
config                  my.ini                                                          flag --config
strict-config           false                                                           default
listen                  ::1                                                             flag --listen
port                    80                                                              flag --listen
listen-backlog          1024                                                            default
log-level               INFO                                                            default
log-format              course                                                          default
log-time                utc                                                             default
agencies                3                                                               my.ini
data-dir                a\\nñ                                                            flag --data-dir
store                   memory                                                          environment SERVER_STORE
winning-number          7574                                                            default
anonymous-finish        false                                                           default
agencies-before         -                                                               default
dialects                block,session,fixed,framed,braces,short,columns,line,bare,echo  default
fixed-finished-answer   o                                                               default
bare-answer             auto                                                            default
echo-prefix                                                                             default
max-message             1048576                                                         default
window                  1024                                                            default
window-bytes            4194304                                                         default
max-memory              quarter                                                         default
max-connections         4096                                                            default
max-connections-per-ip  256                                                             default
idle-timeout            60s                                                             default
message-timeout         20s                                                             default
stall-timeout           20s                                                             default
reply-timeout           5m                                                              default
linger-timeout          1s                                                              default
"
    );
}

#[test]
fn limits_are_printed_for_a_server_only() {
    let world = World::new().file("config.ini", "SERVER_MAX_MESSAGE = 8192\n");
    let flags = ["--max-connections", "100", "--max-memory", "64MiB", "--limits"];
    let settings = world.server(&flags[..4]);
    let most = settings.machine().max_memory();
    assert_eq!(most, 1024 + 2 * 8192 + 16 * (8192 / 19 + 1) + 34 * (1024 + 8192) + 4 * (65_536 + 34 * 8192));
    // The number of threads depends on the number of processors.
    let (stacks, total) = (settings.budget(0).stacks, settings.budget(0).total());
    assert_eq!(
        printed(world.parse_server(&flags)),
        format!(
            "\
limit                 number  of
connections              100  open at once; fewer than max-connections if max-memory is too small
connections-per-ip       256  of an address that is neither loopback nor private
message                 8192  bytes, the longest that is taken
requests                  32  of a connection, taken and not answered
window                  1024  batches of a session, not acknowledged
window bytes         4194304  bytes of these batches
connection-memory    1713920  bytes of one connection at most
own-memory          13107200  bytes that are connections' own, 131072 of each
shared-memory       37224448  bytes that connections share for what is more
commit-queue        16777216  bytes of requests that wait for the store
max-memory          67108864  bytes that peers can make the server hold: these three
committer            8421376  bytes of what is being stored
store                8912896  bytes in which the store reads groups back
agencies                1280  bytes of what is kept of agencies
log                  2097152  bytes of log lines that wait to be written; more are dropped and counted
stacks              {stacks:>8}  bytes of threads' stacks; on std each connection has one
program              8388608  bytes of the program itself, about
total               {total:>8}  bytes: max-memory and what follows it
"
        )
    );
    assert_eq!(total - stacks, 67_108_864 + 8_421_376 + 8_912_896 + 1280 + 2_097_152 + 8_388_608);
    let threads = settings.budget(1000);
    assert_eq!(threads.stacks - stacks, 100 * 1000, "of each connection");
    assert_eq!(
        world.server_error(&["--max-connections", "0", "--limits"]),
        r#"--max-connections: "0": expected a whole number from 1 to 1000000"#
    );
    assert!(world.client_error(&["--limits"]).contains("--limits"), "only a server has them");
}

#[test]
fn print_config_shows_client_values_with_their_origins() {
    let world =
        World::new().file("config.yaml", "id: \"7\"\nloop: {period: 150ms}").env("CLI_LOOP_AMOUNT", "05");
    assert_eq!(
        printed(world.parse_client(&["--server", "[::1]:80", "--print-config"])),
        "\
setting           value        origin
config            config.yaml  default
strict-config     false        default
agency            7            config.yaml
server            [::1]:80     flag --server
bets              -            default
file-max-size     268435456    default
winners           -            default
force             false        default
dialect           session      default
batch-max-amount  -            default
first-name        -            default
last-name         -            default
document          -            default
birthdate         -            default
number            -            default
loop-amount       05           environment CLI_LOOP_AMOUNT
loop-period       150ms        config.yaml
log-level         INFO         default
log-format        course       default
log-time          utc          default
poll-initial      1s           default
poll-max          60s          default
answer-timeout    60s          default
hello-timeout     5s           default
connect-timeout   5s           default
retry-for         60s          default
stopped-exit      75           default
"
    );
}

#[test]
fn print_config_names_the_variable_that_was_used_and_shows_no_bet() {
    let world = World::new()
        .env("AGENCIA", "3")
        .env("SERVER_IP", "server")
        .env("SERVER_PORT", "12345")
        .env("CLI_BET_NAME", "Wilhelmina")
        .env("DNI", "31415926");
    let printed = printed(world.parse_client(&["--birthdate", "1987-06-05", "--print-config"]));
    let lines: Vec<Vec<&str>> = printed.lines().map(|line| line.split_whitespace().collect()).collect();
    for line in [
        &["agency", "3", "environment", "AGENCIA"][..],
        &["server", "server:12345", "environment", "SERVER_IP:SERVER_PORT"],
        &["first-name", "(not", "shown)", "environment", "CLI_BET_NAME"],
        &["last-name", "-", "default"],
        &["document", "(not", "shown)", "environment", "DNI"],
        &["birthdate", "(not", "shown)", "flag", "--birthdate"],
    ] {
        assert!(lines.iter().any(|found| found == line), "{line:?}\n{printed}");
    }
}

#[test]
fn a_configuration_that_is_wrong_is_not_printed() {
    assert!(World::new().server_error(&["--print-config", "--port", "x"]).starts_with("--port: "));
}

#[test]
fn commands_are_parsed_with_their_files_and_flags() {
    use crate::config::ClientCommand::{Agency, Bet, Echo, Winners};
    use crate::config::ServerCommand::{
        Backup, Count, Export, Health, Import, Restore, Serve, Status, Verify,
    };
    let to = |path: &str, force| config::Output { path: path.into(), force };
    for (flags, command) in [
        (&[][..], Serve),
        (&["backup", "b"], Backup(to("b", false))),
        (&["backup", "--force", "b", "--data-dir", "d"], Backup(to("b", true))),
        (&["restore", "b"], Restore("b".into())),
        (&["export"], Export(to("-", false))),
        (&["export", "--force", "e"], Export(to("e", true))),
        (&["--set-aside"], Serve),
        (&["count", "--data-dir", "d"], Count),
        (&["--data-dir", "d", "count"], Count),
        (&["health"], Health),
        (&["verify"], Verify),
        (&["status"], Status { json: false }),
        (&["status", "--json"], Status { json: true }),
        (&["import", "i", "--set-aside"], Import("i".into())),
        (&["--set-aside", "import", "i"], Import("i".into())),
    ] {
        let settings = World::new().server(flags);
        assert_eq!(settings.command, command);
        assert_eq!(settings.set_aside, flags.contains(&"--set-aside"));
        let dir = if flags.contains(&"d") { "d" } else { "lottery-data" };
        assert_eq!(settings.data_dir, std::path::Path::new(dir), "{flags:?}");
    }
    for (flags, command) in [(&[][..], Agency), (&["winners"], Winners), (&["bet"], Bet), (&["echo"], Echo)] {
        assert_eq!(World::new().client(flags).command, command);
    }
}

#[test]
fn the_version_names_the_binary() {
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(printed(World::new().parse_server(&["--version"])), format!("lottery-server-x {version}\n"));
    assert_eq!(printed(World::new().parse_client(&["-V"])), format!("lottery-client-x {version}\n"));
}

#[test]
fn the_help_lists_every_setting() {
    let server = printed(World::new().parse_server(&["--help"]));
    let client = printed(World::new().parse_client(&["-h"]));
    for (text, program) in [(server, &config::server::PROGRAM), (client, &config::client::PROGRAM)] {
        let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
        for row in program.rows {
            let (flag, help) = (row.flag, ours().help(row).replace('\n', " "));
            let value =
                if row.is_switch() { format!("[=<{}>]", row.metavar) } else { format!(" <{}>", row.metavar) };
            assert!(words.contains(&format!("--{flag}{value} {help}")), "{row:?}\n{text}");
        }
        assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
    }
}

#[test]
fn the_help_of_a_setting_names_variable_key_and_default() {
    let help = |program: &Program, flag: &str| {
        let row = program.rows.iter().find(|row| row.flag == flag).unwrap();
        ours().help(row).split_once('\n').unwrap().1.to_owned()
    };
    let (server, client) = (&config::server::PROGRAM, &config::client::PROGRAM);
    assert_eq!(help(server, "config"), "[env: SERVER_CONFIG]");
    assert_eq!(help(server, "agencies"), "[env: SERVER_AGENCIES, default: 5]", "the key has the same name");
    assert_eq!(help(client, "agency"), "[env: CLI_ID, key: id,\nor AGENCIA]");
}

#[test]
fn the_help_lists_every_choice() {
    fn row(program: &Program, flag: &str) -> Row {
        *program.rows.iter().find(|row| row.flag == flag).unwrap()
    }
    fn listed<T>(setting: Row, choices: &Names<T>) {
        assert!(choices.iter().all(|(name, _)| setting.help.contains(name)), "{setting:?}");
    }
    let (server, client) = (&config::server::PROGRAM, &config::client::PROGRAM);
    listed(row(server, "store"), STORES);
    listed(row(server, "fixed-finished-answer"), FINISHED_ANSWERS);
    listed(row(server, "bare-answer"), BARE_ANSWERS);
    listed(row(server, "log-format"), LOG_FORMATS);
    listed(row(client, "log-format"), LOG_FORMATS);
    listed(row(server, "log-time"), LOG_TIMES);
    listed(row(client, "log-time"), LOG_TIMES);
}

#[test]
fn a_program_knows_the_dialects_that_it_is_made_with() {
    let arg = |flags: &[&str]| ["lottery"].iter().chain(flags).map(Into::into).collect::<Vec<OsString>>();
    let server = |dialects: &[Dialect], flags: &[&str]| {
        config::server(arg(flags), &|_| None, dialects).map(|parsed| match parsed {
            Parsed::Print(text) => text,
            Parsed::Run(settings) => format!("{:?}", settings.dialects),
        })
    };
    let client = |dialects: &[Dialect], flags: &[&str]| {
        let flags = [&["--agency=1", "--server=a:1", "--config=/dev/null"], flags].concat();
        config::client(arg(&flags), &|_| None, dialects).map(|parsed| match parsed {
            Parsed::Print(text) => text,
            Parsed::Run(settings) => settings.dialect.to_string(),
        })
    };
    let some = [Dialect::ECHO, Dialect::FIXED, Dialect::BRACES, Dialect::FIXED];
    assert_eq!(server(&some, &["--config=/dev/null"]).unwrap(), "[echo, fixed, braces]");
    assert!(server(&some, &["--help"]).unwrap().contains("default: echo,fixed,braces]"));
    let help = client(&some, &["--help"]).unwrap();
    let list = "Dialects:
  fixed   winners on a connection for each query
  braces  winners on the connection of the bets
";
    assert!(help.ends_with(list), "{help}");
    assert_eq!(client(&some, &[]).unwrap(), "fixed");
    assert_eq!(client(Dialect::ALL, &[]).unwrap(), "session");
    let help = client(Dialect::ALL, &["--help"]).unwrap();
    for line in [
        "session  winners on the connection of the bets, nothing is lost, nothing stored twice",
        "framed   winners in the reply to Finished",
        "columns  a connection for each bet, no Finished, no winners",
        "bare     a connection for each message, no Finished, no winners",
    ] {
        assert!(help.contains(&format!("\n  {line}\n")), "{line}: {help}");
    }
    let error = server(&some, &["--config=/dev/null", "--dialects=block"]).unwrap_err().to_string();
    assert_eq!(error, r#"--dialects: "block": expected a list of echo or fixed or braces"#);
    let error = client(&some, &["--dialect=echo"]).unwrap_err().to_string();
    assert_eq!(error, r#"--dialect: "echo": expected fixed or braces"#);
}

#[test]
fn an_invalid_command_line_is_rejected() {
    for (flags, start) in [
        (&["--colour"][..], "unexpected argument '--colour' found"),
        (&["--prot"], "unexpected argument '--prot' found; tip: a similar argument exists: '--port'"),
        (&["file"], "unrecognized subcommand 'file'"),
        (&["import"], "the following required arguments were not provided: <FILE>"),
        (&["import", "a", "b"], "unexpected argument 'b' found"),
        (
            &["import", "--force", "a"],
            "unexpected argument '--force' found; tip: a similar argument exists: '--store'",
        ),
        (&["count", "--set-aside"], "unexpected argument '--set-aside' found"),
        (&["--set-aside", "count"], "unexpected argument '--set-aside' for count"),
        (&["--port"], "a value is required for '--port <N>' but none was supplied"),
        (&["--port", "1", "--port", "2"], "the argument '--port <N>' cannot be used multiple times"),
    ] {
        let error = World::new().parse_server(flags).unwrap_err();
        assert!(matches!(error, ConfigError::Usage(_)));
        assert_eq!(error.to_string(), format!("{start}; try --help"));
    }
}

#[test]
fn a_program_started_without_a_name_reads_its_settings() {
    let world = World::new();
    let parsed = super::read(
        &super::server::PROGRAM,
        super::ServerSettings::from_values,
        ours(),
        world.dir.path(),
        [],
        &|_| None,
    );
    assert!(matches!(parsed, Ok(Parsed::Run(_))));
}
