//! Tests of the values that settings of the server take.

use std::path::Path;
use std::time::Duration;

use super::World;
use crate::config::{LogTime, MaxMemory, StoreKind};
use crate::log::{Format, Level};

#[test]
fn the_server_has_defaults() {
    let settings = World::new().server(&[]);
    assert_eq!(settings.listen.to_string(), "0.0.0.0:12345");
    assert_eq!(settings.listen_backlog, 1024);
    assert_eq!((settings.log_level.value, settings.log_level.text.as_str()), (Level::Info, "INFO"));
    assert_eq!(settings.agencies, 5);
    assert_eq!(settings.data_dir, Path::new("lottery-data"));
    assert_eq!(settings.store, StoreKind::Log);
    assert_eq!(settings.winning_number, 7574);
    assert_eq!(settings.max_connections, 4096);
    assert!(!settings.anonymous_finish);
    let seconds = [
        settings.idle_timeout,
        settings.message_timeout,
        settings.stall_timeout,
        settings.reply_timeout,
        settings.linger_timeout,
    ];
    assert_eq!(seconds, [60, 20, 20, 300, 1].map(Duration::from_secs));
}

#[test]
fn addresses_to_listen_at_are_parsed() {
    for (text, address) in [
        ("127.0.0.1", "127.0.0.1:12345"),
        ("127.0.0.1:0", "127.0.0.1:0"),
        ("::", "[::]:12345"),
        ("[::1]", "[::1]:12345"),
        ("[::1]:80", "[::1]:80"),
        ("unix:/run/lottery.socket", "unix:/run/lottery.socket"),
        ("unix:./socket", "unix:./socket"),
    ] {
        assert_eq!(World::new().server(&["--listen", text]).listen.to_string(), address);
    }
    let long = format!("unix:/{}", "x".repeat(107));
    let expected = format!("--listen: {long:?}: expected unix:PATH with a path of at most 107 bytes");
    assert_eq!(World::new().server_error(&["--listen", &long]), expected);
    // A path has no port.
    let path = ["--listen", "unix:/s"];
    let error = World::new().server_error(&[&path[..], &["--port", "80"]].concat());
    assert_eq!(error, "--port: \"80\": expected nothing, as listen is a path");
    let weaker = World::new().env("SERVER_PORT", "80").server(&path);
    assert_eq!(weaker.listen.to_string(), "unix:/s");
    for text in
        ["", "localhost", "unix:80", "127.0.0.1:", "127.0.0.1:65536", "[127.0.0.1]", "[::1", "1.2.3", " ::"]
    {
        let expected = format!("--listen: {text:?}: expected an IP address, IP:PORT, or unix:PATH");
        assert_eq!(World::new().server_error(&["--listen", text]), expected);
    }
}

#[test]
fn server_numbers_outside_their_range_are_rejected() {
    for (flag, low, high) in [
        ("--port", 0_u64, 65_535_u64),
        ("--listen-backlog", 1, 65_535),
        ("--agencies", 1, 99_999),
        ("--winning-number", 0, u32::MAX.into()),
        ("--window", 1, 1_000_000),
        ("--window-bytes", 1, 1_073_741_824),
        ("--max-connections", 1, 1_000_000),
        ("--max-connections-per-ip", 1, 1_000_000),
    ] {
        for good in [low.to_string(), high.to_string(), format!("0{low}")] {
            World::new().server(&[flag, &good]);
        }
        let below = low.checked_sub(1).map_or("x".into(), |below| below.to_string());
        for bad in
            [&below, &(high + 1).to_string(), "", " 5", "5 ", "+5", "5.0", "0x5", "99999999999999999999999"]
        {
            let expected = format!("{flag}: {bad:?}: expected a whole number from {low} to {high}");
            assert_eq!(World::new().server_error(&[flag, bad]), expected);
        }
        let negative = format!("{flag}=-5");
        assert!(World::new().server_error(&[&negative]).starts_with(&format!("{flag}: \"-5\": expected")));
    }
}

#[test]
fn local_addresses_are_limited_only_where_that_is_set() {
    let of = |settings: crate::config::ServerSettings| {
        (settings.max_connections_per_ip, settings.max_connections_per_local_ip)
    };
    assert_eq!(of(World::new().server(&[])), (256, None));
    for count in [256, 9] {
        let (text, both) = (count.to_string(), (count, Some(count)));
        assert_eq!(of(World::new().server(&["--max-connections-per-ip", &text])), both);
        assert_eq!(of(World::new().env("SERVER_MAX_CONNECTIONS_PER_IP", &text).server(&[])), both);
        let file = format!("SERVER_MAX_CONNECTIONS_PER_IP = {count}\n");
        assert_eq!(of(World::new().file("config.ini", &file).server(&[])), both);
    }
}

#[test]
fn anonymous_finish_is_off_unless_it_is_set() {
    assert!(World::new().server(&["--anonymous-finish"]).anonymous_finish);
    assert!(World::new().env("SERVER_ANONYMOUS_FINISH", "true").server(&[]).anonymous_finish);
    assert!(World::new().file("config.ini", "SERVER_ANONYMOUS_FINISH = true\n").server(&[]).anonymous_finish);
    let error = World::new().server_error(&["--anonymous-finish=yes"]);
    assert_eq!(error, "--anonymous-finish: \"yes\": expected true or false");
}

#[test]
fn timeouts_must_be_above_zero() {
    for flag in
        ["--idle-timeout", "--message-timeout", "--stall-timeout", "--reply-timeout", "--linger-timeout"]
    {
        World::new().server(&[flag, "1m0.5s"]);
        for bad in ["", "0", "0s", "5", "5 s", "1d", "9999999h"] {
            let error = World::new().server_error(&[flag, bad]);
            let expected = "expected a duration above zero such as 150ms, 5s or 1m30s";
            assert_eq!(error, format!("{flag}: {bad:?}: {expected}"));
        }
    }
    assert_eq!(World::new().server(&["--idle-timeout", "150ms"]).idle_timeout, Duration::from_millis(150));
}

#[test]
fn agencies_before_needs_agencies_to_be_set() {
    assert_eq!(World::new().server(&["--agencies", "9"]).agencies_before, None);
    let both = World::new().server(&["--agencies", "9", "--agencies-before", "5"]);
    assert_eq!((both.agencies, both.agencies_before), (9, Some(5)));
    let world = World::new().env("SERVER_AGENCIES", "9").env("SERVER_AGENCIES_BEFORE", "5");
    assert_eq!(world.server(&[]).agencies_before, Some(5));
    // The default may not be the number that is meant.
    let error = World::new().server_error(&["--agencies-before", "3"]);
    assert_eq!(error, "--agencies-before: \"3\": expected agencies to be set, too");
}

#[test]
fn stores_zones_formats_and_levels_are_parsed() {
    assert_eq!(World::new().server(&["--store", "memory"]).store, StoreKind::Memory);
    let error = World::new().server_error(&["--store", "Memory"]);
    assert_eq!(error, "--store: \"Memory\": expected log or memory");
    assert_eq!(World::new().server(&[]).log_time, LogTime::Utc);
    assert_eq!(World::new().server(&["--log-time", "local"]).log_time, LogTime::Local);
    assert_eq!(
        World::new().server_error(&["--log-time", "UTC"]),
        "--log-time: \"UTC\": expected utc or local"
    );
    assert_eq!(World::new().server(&[]).log_format, Format::Course);
    assert_eq!(World::new().env("SERVER_LOG_FORMAT", "json").server(&[]).log_format, Format::Json);
    assert_eq!(
        World::new().server_error(&["--log-format", "text"]),
        "--log-format: \"text\": expected course or json"
    );
    for (text, level) in [
        ("debug", Level::Debug),
        ("Info", Level::Info),
        ("WARN", Level::Warning),
        ("warning", Level::Warning),
        ("ERROR", Level::Error),
        ("Critical", Level::Critical),
    ] {
        let written = World::new().env("LOGGING_LEVEL", text).server(&[]).log_level;
        assert_eq!((written.value, written.text.as_str()), (level, text));
    }
    let error = World::new().env("LOGGING_LEVEL", "loud").server_error(&[]);
    let expected = "environment: LOGGING_LEVEL: \"loud\": expected DEBUG, INFO, WARNING, ERROR or CRITICAL";
    assert_eq!(error, expected);
}

#[test]
fn dialects_are_a_list_in_which_each_counts_once() {
    let world = World::new();
    assert_eq!(
        world.server(&["--dialects", "echo, block,echo"]).dialects,
        [lottery_proto::Dialect::ECHO, lottery_proto::Dialect::BLOCK]
    );
    let error = world.server_error(&["--dialects", "block,"]);
    assert!(error.starts_with("--dialects: \"block,\": expected a list of block or "), "{error}");
}

#[test]
fn the_machine_is_configured_by_the_settings() {
    let flags = "--agencies 9 --max-message 9000 --window 7 --window-bytes 70000 --dialects fixed --idle-timeout 2s --message-timeout 3s \
                 --stall-timeout 4s --reply-timeout 6s --linger-timeout 5s";
    let flags: Vec<&str> = flags.split_whitespace().collect();
    let machine = World::new().server(&flags).machine();
    assert_eq!((machine.agencies(), machine.max_message()), (9, 9000));
    assert_eq!((machine.window().batches, machine.window().bytes), (7, 70_000));
    assert_eq!(machine.dialects(), [lottery_proto::Dialect::FIXED]);
    let timeouts = [
        machine.idle_timeout(),
        machine.message_timeout(),
        machine.stall_timeout(),
        machine.reply_timeout(),
        machine.linger_timeout(),
    ];
    assert_eq!(timeouts.map(|timeout| timeout.as_secs()), [2, 3, 4, 6, 5]);
}

#[test]
fn the_data_directory_must_be_a_path() {
    assert_eq!(World::new().server(&["--data-dir", "a b"]).data_dir, Path::new("a b"));
    assert_eq!(World::new().server_error(&["--data-dir="]), "--data-dir: \"\": expected a path");
}

#[cfg(unix)]
#[test]
fn only_paths_need_not_be_text() {
    use std::ffi::OsString;
    use std::os::unix::ffi::OsStringExt;

    let odd = || OsString::from_vec(b"a\xff".to_vec());
    assert_eq!(World::new().env("SERVER_DATA_DIR", odd()).server(&[]).data_dir, Path::new(&odd()));
    for var in [
        "SERVER_PORT",
        "SERVER_LISTEN",
        "SERVER_STORE",
        "LOGGING_LEVEL",
        "SERVER_IDLE_TIMEOUT",
        "SERVER_ECHO_PREFIX",
    ] {
        let error = World::new().env(var, odd()).server_error(&[]);
        assert!(error.starts_with(&format!("environment: {var}: \"a\\xFF\": expected ")), "{error}");
    }
    let error = World::new().env("CLI_ID", "1").env("CLI_SERVER_ADDRESS", odd()).client_error(&[]);
    assert!(error.starts_with("environment: CLI_SERVER_ADDRESS: \"a\\xFF\": expected "), "{error}");
}

#[test]
fn max_memory_is_a_size_or_a_quarter() {
    let of = |size: &str| World::new().server(&["--max-memory", size]);
    assert_eq!(World::new().server(&[]).max_memory, MaxMemory::Quarter);
    for (size, bytes) in
        [("16777216", 16 << 20), ("16384KiB", 16 << 20), ("64MiB", 64 << 20), ("3GiB", 3_u64 << 30)]
    {
        assert_eq!(of(size).max_memory, MaxMemory::Bytes(bytes), "{size}");
    }
    for size in
        ["", "MiB", "1.5GiB", "64 MiB", "64MB", "-1", "99999999999999GiB", "99999999999999999999", "half"]
    {
        let error = World::new().server_error(&[&format!("--max-memory={size}")]);
        let expected = format!("--max-memory: {size:?}: expected quarter, or a size such as 64MiB or 1GiB");
        assert_eq!(error, expected);
    }
    assert_eq!(
        World::new().server_error(&["--max-memory", "16777215"]),
        r#"--max-memory: "16777215": expected at least 16777216, 16 times max-message"#
    );
    assert_eq!(
        World::new().server(&["--max-memory", "131072", "--max-message", "8192"]).max_memory,
        MaxMemory::Bytes(131_072)
    );
}

#[test]
fn parts_of_the_memory_add_up_to_the_whole() {
    const MIB: usize = 1 << 20;
    for (size, connections, commit_queue) in
        [("16MiB", 64, 4 * MIB), ("64MiB", 256, 16 * MIB), ("1GiB", 4096, 16 * MIB), ("8GiB", 4096, 16 * MIB)]
    {
        let budget = World::new().server(&["--max-memory", size]).budget(0);
        assert_eq!((budget.connections, budget.commit_queue), (connections, commit_queue), "{size}");
        assert_eq!(
            budget.connections * 128 * 1024 + budget.commit_queue + budget.shared,
            budget.peers,
            "{size}"
        );
        assert!(budget.shared >= 4 * MIB && budget.reserve <= budget.shared / 2, "{size}");
    }
    let few = World::new().server(&["--max-memory", "16MiB", "--max-connections", "8"]).budget(0);
    assert_eq!((few.connections, few.shared), (8, 11 * MIB));
    // The default is a quarter of this machine's memory, but at least 16 of the longest messages.
    let quarter = World::new().server(&[]).budget(0).peers;
    let long = World::new().server(&["--max-message", "67108864"]).budget(0).peers;
    assert!(quarter >= 16 * MIB && long >= 16 * 64 * MIB && long >= quarter);
}
