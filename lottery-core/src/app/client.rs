//! The client program.

use std::fs;
use std::io::{self, Write as _};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::SystemTime;

use lottery_proto::{AgencyId, ClientConfig};
use tracing::{error, info};

use super::{fail, settings};
use crate::agency::{Agency, AgencyError, Job};
use crate::bet_list::BetList;
use crate::config::{self, ClientSettings, ConfigError};
use crate::log;
use crate::seam::Runtime;

/// Runs an agency on `runtime`, from the command line to the exit code. `now` is the wall clock of the log lines.
pub fn client(runtime: &impl Runtime, now: fn() -> SystemTime) -> ExitCode {
    let settings = match settings(|args, env| config::client(args, env)) {
        Ok(settings) => settings,
        Err(code) => return code,
    };
    log::init(settings.log_level.value, now);
    settings.log();
    let Some(path) = &settings.bets else {
        return fail(ConfigError::EXIT_CODE, &"no bets: name the agency's file with --bets FILE");
    };
    let result = BetList::read(path).map_err(|error| error.to_string()).and_then(|bets| {
        let mut agency = Agency::new(job(&settings)?, Arc::new(bets));
        runtime.call(&mut agency).map_err(|error| error.to_string())?;
        match agency.into_outcome() {
            Ok(winners) => write_winners(settings.winners.as_deref(), &winners),
            Err(AgencyError::Stopped) => Ok(()),
            Err(error) => Err(error.to_string()),
        }
    });
    match result {
        Ok(()) => {
            info!(action = "exit", result = "success", client_id = settings.agency);
            ExitCode::SUCCESS
        }
        Err(reason) => {
            error!(action = "exit", result = "fail", client_id = settings.agency, reason);
            fail(1, &reason)
        }
    }
}

fn job(settings: &ClientSettings) -> Result<Job, String> {
    let agency = AgencyId::new(settings.agency).ok_or("an agency's number is from 1 to 99999")?;
    let mut connection = ClientConfig::new(agency, settings.dialect);
    connection.answer_timeout = settings.answer_timeout;
    Ok(Job {
        connection,
        server: settings.server.to_string(),
        batch_max: settings.batch_max_amount.and_then(|most| usize::try_from(most).ok()),
        poll_initial: settings.poll_initial,
        poll_max: settings.poll_max,
    })
}

/// Writes the winners' documents, one a line, to where they are wanted.
fn write_winners(path: Option<&Path>, winners: &[String]) -> Result<(), String> {
    let Some(path) = path else { return Ok(()) };
    let text: String = winners.iter().flat_map(|document| [document, "\n"]).collect();
    let written =
        if path == Path::new("-") { io::stdout().write_all(text.as_bytes()) } else { fs::write(path, text) };
    written.map_err(|error| format!("cannot write the winners to {}: {error}", path.display()))
}
