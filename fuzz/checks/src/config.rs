//! Settings: any file, command line and environment is accepted, or rejected with a text.

use std::ffi::OsString;
use std::io::{Seek, SeekFrom, Write};
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStringExt;
use std::sync::{Mutex, OnceLock};

use lottery_cli::config::{self, ConfigError, Parsed};

/// Parses settings. `data` is a byte that chooses the program, then parts separated by zero bytes: the file,
/// words of the command line, and after an empty one, variables, `NAME=value`.
pub fn run(data: &[u8]) {
    let Some((program, rest)) = data.split_first() else { return };
    let mut parts = rest.split(|byte| *byte == 0);
    let file = parts.next().unwrap_or_default();
    let words: Vec<OsString> = parts
        .by_ref()
        .take_while(|part| !part.is_empty())
        .map(|part| OsString::from_vec(part.to_vec()))
        .collect();
    let variables: Vec<(String, OsString)> = parts
        .filter_map(|part| {
            let (name, value) = part.split_at(part.iter().position(|byte| *byte == b'=')?);
            Some((String::from_utf8(name.to_vec()).ok()?, OsString::from_vec(value[1..].to_vec())))
        })
        .collect();
    let names_a_file = |word: &OsString| word.to_string_lossy().starts_with("--config");
    if words.iter().any(names_a_file) || variables.iter().any(|(name, _)| name.ends_with("_CONFIG")) {
        // The named file would be read, whatever it is.
        return;
    }
    let env = |name: &str| variables.iter().find(|(found, _)| found == name).map(|(_, value)| value.clone());
    with_file(file, |path| {
        let parse = |more: &[&str]| {
            let own = ["lottery", "--config", path].map(OsString::from);
            let args = own.into_iter().chain(more.iter().map(OsString::from)).chain(words.clone());
            if program % 2 == 0 {
                config::server(args, &env, lottery_proto::Dialect::ALL).map(text)
            } else {
                config::client(args, &env, lottery_proto::Dialect::ALL).map(text)
            }
        };
        match parse(&[]) {
            Ok(Some(text)) => assert!(text.ends_with('\n'), "{text:?}"),
            // The limits that follow from settings are printed by the program.
            Ok(None) if words.iter().any(|word| word == "--limits") => {}
            // Settings that can be run can be printed.
            Ok(None) => assert!(matches!(parse(&["--print-config"]), Ok(Some(_)))),
            Err(error) => is_one_line(&error),
        }
    });
}

/// Returns the text to print, if there is one.
fn text<T>(parsed: Parsed<T>) -> Option<String> {
    match parsed {
        Parsed::Run(_) => None,
        Parsed::Print(text) => Some(text),
    }
}

/// Checks that an error is one line without control characters, which could reach the terminal from a file or
/// a command line.
fn is_one_line(error: &ConfigError) {
    let text = error.to_string();
    assert!(!text.is_empty() && !text.contains(char::is_control), "{text:?}");
}

/// Calls `show` with the path of a file of this content. It is one file in memory for the life of the
/// process.
fn with_file(content: &[u8], show: impl FnOnce(&str)) {
    static FILE: OnceLock<Mutex<std::fs::File>> = OnceLock::new();
    let file = FILE.get_or_init(|| {
        let file = rustix::fs::memfd_create("config", rustix::fs::MemfdFlags::CLOEXEC).expect("memory");
        Mutex::new(file.into())
    });
    let mut file = file.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    file.set_len(0).and_then(|()| file.seek(SeekFrom::Start(0))).expect("a file in memory");
    file.write_all(content).expect("a file in memory");
    show(&format!("/proc/self/fd/{}", file.as_raw_fd()));
}
