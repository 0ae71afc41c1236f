//! Panics as log lines: the standard hook writes several lines to standard error, where nobody may read
//! them.

use std::panic::{self, PanicHookInfo};

use tracing::error;

/// Logs panics from now on.
pub(super) fn log() {
    panic::set_hook(Box::new(line));
}

/// Logs the place of a panic. Its message may hold data that was being processed, such as a bet: only a
/// message that is a literal of the program is shown.
fn line(panic: &PanicHookInfo<'_>) {
    let place =
        panic.location().map_or_else(String::new, |place| format!("{}:{}", place.file(), place.line()));
    let reason = panic.payload().downcast_ref::<&str>().copied().unwrap_or("not shown");
    error!(action = "panic", result = "fail", place, reason);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::Level;
    use crate::logged::logged;

    #[test]
    fn a_panic_is_logged_without_formatted_values() {
        let before = panic::take_hook();
        log();
        let lines = logged(Level::Info, || {
            for secret in [None, Some("Ana Paz")] {
                let panicked = panic::catch_unwind(|| match secret {
                    None => panic!("this is meant to be"),
                    Some(secret) => panic!("it was {secret}"),
                });
                assert!(panicked.is_err());
            }
        });
        panic::set_hook(before);
        // Another test may panic meanwhile, in its own thread, whose log nobody reads.
        let place = |line: &str| {
            line.starts_with(
                "ERROR    action: panic | result: fail | place: lottery-cli/src/program/panics.rs:",
            )
        };
        assert!(lines.len() == 2 && lines.iter().all(|line| place(line)), "{lines:#?}");
        assert!(
            lines[0].ends_with(" | reason: this is meant to be")
                && lines[1].ends_with(" | reason: not shown")
        );
    }
}
