//! `cargo xtask docker-test`: checks of the containers, with the real engine.

mod amiss;
mod course;
mod line;
mod lottery;
mod netcat;
mod project;
mod world;

use std::error::Error as StdError;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::time::Instant;

use super::engine::{self, Compose};
use super::{Error, images};
use world::World;

/// Arguments of `cargo xtask docker-test`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Run only checks whose names contain this
    #[arg(value_name = "TEXT")]
    only: Option<String>,
    /// Directory of the six programs, static; without this they are built
    #[arg(long, value_name = "DIR")]
    programs: Option<PathBuf>,
    /// Fail where there is no engine, instead of skipping all checks
    #[arg(long)]
    require: bool,
}

/// Outcome of a check. The error says what is wrong.
type Outcome<T = ()> = Result<T, Box<dyn StdError>>;

/// Check of the containers. Its name states what it checks.
struct Check {
    name: &'static str,
    needs_netcat: bool,
    run: fn(&World) -> Outcome,
}

impl Check {
    const fn new(name: &'static str, run: fn(&World) -> Outcome) -> Self {
        Self { name, needs_netcat: false, run }
    }

    const fn with_netcat(name: &'static str, run: fn(&World) -> Outcome) -> Self {
        Self { name, needs_netcat: true, run }
    }
}

/// Makes the images, and runs all checks. Containers that they start are removed in any case.
///
/// # Errors
///
/// [`Error`] if a check fails, or something that all of them need is missing.
pub(crate) fn run(args: &Args) -> Result<(), Error> {
    let checks: Vec<&Check> = [course::CHECKS, lottery::CHECKS, amiss::CHECKS]
        .into_iter()
        .flatten()
        .filter(|check| args.only.as_deref().is_none_or(|part| check.name.contains(part)))
        .collect();
    let compose = match engine::version().and_then(|_| Compose::find()) {
        Ok(compose) => compose,
        Err(reason) if args.require => return Err(reason),
        Err(reason) => {
            return say(&format!("SKIPPED: all {} checks of the containers: {reason}\n", checks.len()));
        }
    };
    World::free()?;
    images::run(&images::Args::new(args.programs.clone()))?;
    let world = World::new(compose, netcat::image()?)?;
    let (mut failed, mut skipped) = (0, 0);
    for check in &checks {
        let start = Instant::now();
        let result = if check.needs_netcat && world.netcat().is_none() {
            skipped += 1;
            "SKIPPED: no busybox: it can be neither pulled nor found on this machine".to_owned()
        } else {
            let outcome = (check.run)(&world);
            match outcome.and_then(|()| world.clear().map_err(Into::into)) {
                Ok(()) => "ok".to_owned(),
                Err(reason) => {
                    failed += 1;
                    let _ = world.clear();
                    format!("FAILED: {reason}")
                }
            }
        };
        say(&format!("{} ({:.1} s): {result}\n", check.name, start.elapsed().as_secs_f64()))?;
    }
    if failed > 0 {
        return Err(Error::Checks { failed, all: checks.len() });
    }
    say(&format!("{} checks passed, {skipped} skipped.\n", checks.len() - skipped))
}

fn say(text: &str) -> Result<(), Error> {
    io::stdout().write_all(text.as_bytes()).map_err(Error::Report)
}

/// Returns an error with the text of `wrong`, unless `right`.
fn ensure(right: bool, wrong: impl FnOnce() -> String) -> Outcome {
    if right { Ok(()) } else { Err(wrong().into()) }
}

/// Returns an error that names `what`, unless both values are equal.
fn same<T: PartialEq + std::fmt::Debug>(what: &str, found: &T, expected: &T) -> Outcome {
    ensure(found == expected, || format!("{what}: expected {expected:?}, found {found:?}"))
}
