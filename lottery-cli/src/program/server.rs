//! The server program.

use std::io;
use std::process::ExitCode;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, SystemTime};

use lottery_core::committer::{OpenError, Rules};
use lottery_core::lottery::{Ended, Lottery};
use lottery_core::store::{MemoryStore, Store, StoreError};
use lottery_proto::Dialect;
use lottery_runtime::signals::outlive_file_size_limit;
use lottery_runtime::sockets::listen;
use lottery_runtime::{Listener, Serve, SocketFile, listen_local};
use lottery_store::{CsvRepair, LogStore};
use tracing::{error, info, warn};

use super::control::Control;
use super::streams::Logging;
use super::{EXIT_STORE_FAILED, drawn, fail, print, settings, status, transfer, verify};
use crate::budget::limits;
use crate::config::{self, ConfigError, ListenAddress, ServerCommand, ServerSettings, StoreKind};
use crate::health;
use crate::log;

/// Number of attempts to open a store that another process has, [`PAUSE`] apart: for two seconds.
const TRIES: u32 = 40;
const PAUSE: Duration = Duration::from_millis(50);

/// Runs the server on `runtime`, from the command line to the exit code. It can speak `dialects`: usually
/// [`Dialect::ALL`], and those of one's own before or behind them. `now` is the wall clock of the log lines.
pub fn server<R: Serve>(runtime: &R, dialects: &[Dialect], now: fn() -> SystemTime) -> ExitCode {
    outlive_file_size_limit();
    let settings = match settings(|args, env| config::server(args, env, dialects)) {
        Ok(settings) => settings,
        Err(code) => return code,
    };
    match &settings.command {
        ServerCommand::Serve => serve(runtime, &settings, now),
        ServerCommand::Count => transfer::count(&settings),
        ServerCommand::Status { json } => status::status(&settings, *json),
        ServerCommand::Winners { agency } => drawn::winners(&settings, *agency),
        ServerCommand::Verify => verify::verify(&settings),
        ServerCommand::Limits => print(&limits(&settings, R::CONNECTION_STACK)),
        ServerCommand::Health => ask_for_health(&settings.listen),
        ServerCommand::Backup(output) => transfer::backup(&settings, output),
        ServerCommand::Restore(file) => transfer::restore(&settings, &file.path, &log::stamp(now())),
        ServerCommand::Export(output) => transfer::export(&settings, output),
        ServerCommand::Import(file) => transfer::import(&settings, &file.path, &log::stamp(now())),
    }
}

fn ask_for_health(listen: &ListenAddress) -> ExitCode {
    let Some(address) = listen.tcp() else {
        return fail(1, &format!("{listen} has no port: health asks servers that have one"));
    };
    health::ask(address).map_or_else(|reason| fail(1, &reason), |()| ExitCode::SUCCESS)
}

fn serve(runtime: &impl Serve, settings: &ServerSettings, now: fn() -> SystemTime) -> ExitCode {
    let logging = match Logging::start(settings.log_level.value, settings.log_format, now, settings.log_time)
    {
        Ok(logging) => logging,
        Err(code) => return code,
    };
    settings.log();
    let code = with_store(runtime, settings, now);
    logging.stopped();
    code
}

fn with_store(runtime: &impl Serve, settings: &ServerSettings, now: fn() -> SystemTime) -> ExitCode {
    log_store(settings);
    match settings.store {
        StoreKind::Memory => run(runtime, settings, MemoryStore::new()),
        StoreKind::Log => match open(settings, now) {
            Ok(store) => {
                if let Some(path) = store.set_aside() {
                    warn!(action = "set_aside", result = "success", file = %path.display());
                }
                log_repair(store.csv_repair(), store.csv_behind());
                let _control = control(settings, &store);
                run(runtime, settings, store)
            }
            Err(error) => transfer::store_error(&error, settings),
        },
    }
}

/// Opens the control socket, at which `backup` and other commands ask. Without one the server does its work
/// all the same.
fn control(settings: &ServerSettings, store: &LogStore) -> Option<Control> {
    let control = Control::start(&settings.data_dir, store.snapshots()?);
    control.map_err(|error| warn!(action = "control", result = "fail", reason = %error)).ok()
}

/// Opens the store. A command such as `count` may have it for a moment.
fn open(settings: &ServerSettings, now: fn() -> SystemTime) -> Result<LogStore, StoreError> {
    let mut tries = 0;
    loop {
        tries += 1;
        let opened = if settings.set_aside {
            LogStore::open_setting_aside(&settings.data_dir, &log::stamp(now()))
        } else {
            LogStore::open(&settings.data_dir)
        };
        match opened {
            Err(StoreError::Busy { .. }) if tries < TRIES => thread::sleep(PAUSE),
            opened => return opened,
        }
    }
}

/// Logs the place of the store.
fn log_store(settings: &ServerSettings) {
    match settings.store {
        StoreKind::Memory => info!(action = "open_store", result = "in_progress", store = "memory"),
        StoreKind::Log => {
            let data_dir = std::path::absolute(&settings.data_dir);
            let data_dir = data_dir.as_deref().unwrap_or(&settings.data_dir).display();
            info!(action = "open_store", result = "in_progress", data_dir = %data_dir);
        }
    }
}

/// Logs the repair of `bets.csv`, and the number of bytes that it is behind.
fn log_repair(CsvRepair { kept, cut, appended }: CsvRepair, behind: u64) {
    if cut > 0 || appended > 0 {
        warn!(action = "repair_bets_csv", result = "success", kept, cut, appended);
    }
    if behind > 0 {
        warn!(action = "repair_bets_csv", result = "fail", behind);
    }
}

pub(super) fn run<S: Store + 'static>(runtime: &impl Serve, settings: &ServerSettings, store: S) -> ExitCode {
    let rules = Rules { agencies: settings.agencies, winning_number: settings.winning_number };
    let count = |connections| usize::try_from(connections).unwrap_or(usize::MAX);
    let budget = settings.budget(0);
    let local = settings.max_connections_per_local_ip.unwrap_or(u32::MAX);
    let lottery = Lottery::builder(rules)
        .raised_from(settings.agencies_before)
        .store(store)
        .connections(&settings.machine())
        .max_connections(budget.connections)
        .max_connections_per_ip(count(settings.max_connections_per_ip), count(local))
        .queue(budget.commit_queue)
        .shared_memory(budget.shared, budget.reserve)
        .anonymous_finish(settings.anonymous_finish)
        .echo_prefix(&settings.echo_prefix)
        .bare_answer(settings.bare_answer)
        .build();
    let lottery = match lottery {
        Ok(lottery) => lottery,
        Err(OpenError::Store(error)) => return fail(store_code(&error), &error),
        Err(error) => return fail(ConfigError::EXIT_CODE, &error),
    };
    // The file of a socket is there as long as this is.
    let (listener, _file) = match open_listener(&settings.listen, settings.listen_backlog) {
        Ok(opened) => opened,
        Err(error) => return fail(1, &format!("cannot listen at {}: {error}", settings.listen)),
    };

    if budget.connections < count(settings.max_connections) {
        let (connections, max_memory) = (budget.connections, budget.peers);
        info!(action = "max_connections", result = "success", connections, max_memory);
    }
    let address = match &listener {
        Listener::Tcp(listener) => listener.local_addr().ok().or(settings.listen.tcp()),
        _ => None,
    };
    let answering =
        address.map(|address| health::answer(address, Arc::clone(lottery.commit_queue()), lottery.probes()));
    if let Some(Err(error)) = &answering {
        warn!(action = "health", result = "fail", reason = %error);
    }
    match lottery.serve(runtime, listener) {
        Ok(Ended { served, committed }) => end(served, committed.map(drop)),
        Err(error) => fail(1, &format!("cannot start the committer: {error}")),
    }
}

/// Opens the listening socket, with its file, if it has one.
fn open_listener(address: &ListenAddress, backlog: u16) -> io::Result<(Listener, Option<SocketFile>)> {
    match address {
        ListenAddress::Tcp(address) => Ok((listen(*address, backlog)?.into(), None)),
        ListenAddress::Local(path) => {
            let (listener, file) = listen_local(path, backlog)?;
            Ok((listener.into(), Some(file)))
        }
    }
}

/// Logs the end, and returns the exit code.
pub(super) fn end(served: io::Result<()>, committed: Result<(), StoreError>) -> ExitCode {
    if let Err(error) = committed {
        error!(action = "exit", result = "fail", reason = %error);
        return fail(EXIT_STORE_FAILED, &error);
    }
    info!(action = "close_store", result = "success");
    if let Err(error) = served {
        error!(action = "exit", result = "fail", reason = %error);
        return fail(1, &error);
    }
    info!(action = "exit", result = "success");
    ExitCode::SUCCESS
}

fn store_code(error: &StoreError) -> u8 {
    if matches!(error, StoreError::Failed { .. }) { EXIT_STORE_FAILED } else { 1 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::Level;
    use crate::logged::logged;

    #[test]
    fn a_repair_is_logged_if_there_was_one() {
        let done = |cut, appended| {
            format!(
                "WARNING  action: repair_bets_csv | result: success | kept: 9 | cut: {cut} | appended: {appended}"
            )
        };
        let behind = "WARNING  action: repair_bets_csv | result: fail | behind: 5".to_owned();
        for (cut, appended, missing, expected) in [
            (0, 0, 0, vec![]),
            (1, 0, 0, vec![done(1, 0)]),
            (0, 2, 0, vec![done(0, 2)]),
            (3, 4, 5, vec![done(3, 4), behind.clone()]),
            (0, 0, 5, vec![behind]),
        ] {
            let lines = logged(Level::Info, || log_repair(CsvRepair { kept: 9, cut, appended }, missing));
            assert_eq!(lines, expected);
        }
    }

    #[test]
    fn a_store_that_failed_has_an_exit_code_of_its_own() {
        let (place, cause) = (String::new(), String::new());
        assert_eq!(store_code(&StoreError::Failed { place: place.clone(), cause: cause.clone() }), 74);
        assert_eq!(store_code(&StoreError::Unusable { place, cause }), 1);
    }
}
