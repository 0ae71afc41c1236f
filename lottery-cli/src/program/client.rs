//! The client program.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::SystemTime;

use lottery_core::agency_file::AgencyFile;
use lottery_core::client::{ClientError, EchoClient, EchoJob, Job, LotteryClient, SingleBet};
use lottery_proto::{AgencyId, ClientConfig, Dialect, WinnersFlow};
use lottery_runtime::RunClient;
use lottery_runtime::signals::{EXIT_AT_ONCE, outlive_file_size_limit};
use tracing::info;

use super::ending::Unfinished;
use super::settings;
use super::signals::end_at_signal;
use super::streams::Logging;
use super::winners::{Winners, WinnersError};
use crate::config::{self, ClientCommand, ClientSettings, ConfigError};

/// Runs an agency on `runtime`, from the command line to the exit code. It can speak `dialects`: usually
/// [`Dialect::ALL`], [`Dialect::EARLIER`], and those of one's own. `now` is the wall clock of the log lines.
pub fn client(runtime: &impl RunClient, dialects: &[Dialect], now: fn() -> SystemTime) -> ExitCode {
    outlive_file_size_limit();
    let settings = match settings(|args, env| config::client(args, env, dialects)) {
        Ok(settings) => settings,
        Err(code) => return code,
    };
    let logging = match Logging::start(settings.log_level.value, settings.log_format, now, settings.log_time)
    {
        Ok(logging) => logging,
        Err(code) => return code,
    };
    let settle = || logging.settle();
    settings.log();
    let result = match settings.command {
        // Programs of the course are given a bet by variables, and no command.
        ClientCommand::Agency if settings.bets.is_none() && settings.bet.any() => {
            single_bet(runtime, &settings)
        }
        ClientCommand::Agency if settings.bets.is_none() => {
            let reason = "no bets: name the agency's file with --bets FILE".to_owned();
            Err(Unfinished::Failed { code: ConfigError::EXIT_CODE, reason })
        }
        ClientCommand::Agency => agency(runtime, &settings, &settle),
        ClientCommand::Winners => winners(runtime, &settings, &settle),
        ClientCommand::Bet => single_bet(runtime, &settings),
        ClientCommand::Echo => echoes(runtime, &settings),
    };
    match result {
        Ok(ended) => {
            info!(action = "exit", result = "success", client_id = settings.agency);
            match ended {
                Ended::Stopped => logging.stopped(),
                Ended::Done => logging.done(0),
            }
            ExitCode::SUCCESS
        }
        Err(unfinished) => {
            let exit = unfinished.say(&settings);
            match unfinished {
                Unfinished::Stopped { .. } => logging.stopped(),
                Unfinished::Failed { code, .. } => logging.done(code),
            }
            exit
        }
    }
}

/// End of a client that did not fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// The work is done.
    Done,
    /// The client was told to stop.
    Stopped,
}

/// Does an agency's whole work. `settle` waits for the log lines that go to the same output as the winners.
pub(super) fn agency(
    runtime: &impl RunClient,
    settings: &ClientSettings,
    settle: &dyn Fn(),
) -> Result<Ended, Unfinished> {
    let path = settings.bets.as_deref().unwrap_or(Path::new(""));
    let job = job(settings, settings.dialect)?;
    if settings.winners.is_some() && settings.dialect.profile().winners_flow == WinnersFlow::Never {
        let reason = format!("{} carries bets only: there are no winners for --winners", settings.dialect);
        return Err(Unfinished::Failed { code: ConfigError::EXIT_CODE, reason });
    }
    let place = open_winners(settings)?;
    let bets = AgencyFile::read_within(path, settings.file_max_size)?;
    let mut agency = LotteryClient::new(job, Arc::new(bets));
    runtime.run_client(&mut agency)?;
    let left = agency.left();
    match agency.into_outcome() {
        Ok(winners) => write_winners(place, &winners, settle),
        // An agency without `--winners` is done once it has finished.
        Err(ClientError::Stopped) if left.finished && settings.winners.is_none() => Ok(Ended::Stopped),
        Err(error) => Err(Unfinished::of_agency(&error, left, settings.dialect)),
    }
}

/// Asks for the winners of an agency that has finished.
pub(super) fn winners(
    runtime: &impl RunClient,
    settings: &ClientSettings,
    settle: &dyn Fn(),
) -> Result<Ended, Unfinished> {
    let job = job(settings, settings.dialect.without_sessions())?;
    let place = open_winners(settings)?;
    let mut agency = LotteryClient::asking(job);
    runtime.run_client(&mut agency)?;
    match agency.into_outcome() {
        Ok(winners) => write_winners(place, &winners, settle),
        Err(error) => Err(Unfinished::of(&error, "the winners are left")),
    }
}

/// Returns the job of a client that speaks this dialect, with sessions or without.
fn job(settings: &ClientSettings, spoken: Dialect) -> Result<Job, Unfinished> {
    let batch_max = settings.batch_max_amount.and_then(|max| usize::try_from(max).ok());
    // The number of the agency's bets bounds the reply.
    let connection = of_agency(settings, spoken)?;
    let max_batch = if batch_max.is_some() { connection.max_message() } else { connection.max_batch() };
    let connection = connection.to_builder().max_answer(usize::MAX).max_batch(max_batch);
    Ok(Job {
        connection: connection.build().map_err(|error| invalid(&error))?,
        server: settings.server.to_string(),
        connect_timeout: settings.connect_timeout,
        batch_max,
        poll_initial: settings.poll_initial,
        poll_max: settings.poll_max,
        retry_for: settings.retry_for,
        seed: seed(settings.agency, std::process::id()),
    })
}

fn write_winners(place: Winners, winners: &[String], settle: &dyn Fn()) -> Result<Ended, Unfinished> {
    end_at_signal(EXIT_AT_ONCE);
    // The winners may go to the same output as log lines.
    settle();
    place.write(winners).map_err(|error| not_written(&error))?;
    Ok(Ended::Done)
}

/// Creates the place for the winners before anything is sent: in some dialects they cannot be asked for
/// again after the draw.
fn open_winners(settings: &ClientSettings) -> Result<Winners, Unfinished> {
    Winners::open(settings).map_err(|error| not_written(&error))
}

fn not_written(error: &WinnersError) -> Unfinished {
    Unfinished::Failed { code: error.exit_code(), reason: error.to_string() }
}

/// Returns a seed that no other agency of this machine has.
fn seed(agency: u32, process: u32) -> u64 {
    u64::from(agency) << 32 | u64::from(process)
}

pub(super) fn single_bet(runtime: &impl RunClient, settings: &ClientSettings) -> Result<Ended, Unfinished> {
    let missing = settings.bet.missing();
    if !missing.is_empty() {
        let verb = if missing.len() == 1 { "is" } else { "are" };
        let reason = format!("no bet: {} {verb} not set", missing.join(", "));
        return Err(Unfinished::Failed { code: 1, reason });
    }
    let fields = settings.bet.0.clone().map(Option::unwrap_or_default);
    let timeouts = (settings.connect_timeout, settings.retry_for);
    // A single bet is no part of an agency's list, and so goes without a session.
    let connection = of_agency(settings, settings.dialect.without_sessions())?;
    let mut single = SingleBet::new(connection, settings.server.to_string(), timeouts, fields)?;
    runtime.run_client(&mut single)?;
    single.into_outcome().map_err(|error| Unfinished::of(&error, "the bet is left"))?;
    Ok(Ended::Done)
}

pub(super) fn echoes(runtime: &impl RunClient, settings: &ClientSettings) -> Result<Ended, Unfinished> {
    let mut echoes = EchoClient::new(EchoJob {
        connection: connection(settings, Dialect::ECHO)?,
        server: settings.server.to_string(),
        connect_timeout: settings.connect_timeout,
        retry_for: settings.retry_for,
        amount: settings.loop_amount,
        period: settings.loop_period.value,
    });
    runtime.run_client(&mut echoes)?;
    let left = format!("{} of {} messages are left", echoes.left(), settings.loop_amount);
    echoes.into_outcome().map_err(|error| Unfinished::of(&error, left))?;
    Ok(Ended::Done)
}

/// Returns the connection of an agency, or an error if the dialect that is spoken cannot express its number.
fn of_agency(settings: &ClientSettings, spoken: Dialect) -> Result<ClientConfig, Unfinished> {
    let (agency, dialect) = (settings.agency, settings.dialect);
    let max = spoken.max_agency();
    if (max + 1..=AgencyId::MAX).contains(&agency) {
        let limit = if spoken == dialect { String::new() } else { format!("sends this in {spoken}, which ") };
        let reason = format!("agency {agency}: {dialect} {limit}goes up to {max}, other dialects go further");
        return Err(Unfinished::Failed { code: ConfigError::EXIT_CODE, reason });
    }
    connection(settings, dialect)
}

fn connection(settings: &ClientSettings, dialect: Dialect) -> Result<ClientConfig, Unfinished> {
    let reason = || "an agency's number is from 1 to 99999".to_owned();
    let agency = AgencyId::new(settings.agency)
        .ok_or_else(|| Unfinished::Failed { code: ConfigError::EXIT_CODE, reason: reason() })?;
    let connection = ClientConfig::builder(agency, dialect)
        .answer_timeout(settings.answer_timeout)
        .hello_timeout(settings.hello_timeout);
    connection.build().map_err(|error| invalid(&error))
}

fn invalid(error: &lottery_proto::ConfigError) -> Unfinished {
    Unfinished::Failed { code: ConfigError::EXIT_CODE, reason: error.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_connection_has_the_timeouts_of_the_settings() {
        let args = [
            "client",
            "--agency",
            "3",
            "--server",
            "server:1",
            "--dialect",
            "fixed",
            "--answer-timeout",
            "7s",
            "--hello-timeout",
            "2s",
        ];
        let Ok(config::Parsed::Run(settings)) = config::client(args.map(Into::into), &|_| None, Dialect::ALL)
        else {
            panic!("these are settings")
        };
        let connection = connection(&settings, settings.dialect).unwrap();
        assert_eq!((connection.agency().get(), connection.dialect().name()), (3, "fixed"));
        assert_eq!((connection.answer_timeout().as_secs(), connection.hello_timeout().as_secs()), (7, 2));
    }

    #[test]
    fn agencies_have_seeds_of_their_own() {
        assert_ne!(seed(1, 7), seed(2, 7));
        assert_ne!(seed(1, 7), seed(1, 8));
    }
}
