//! Time of a log line, in UTC or in the time of the machine.

use std::fmt::{self, Display};
use std::time::SystemTime;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use thiserror::Error;

use super::civil::Civil;

/// Clock that gives log lines their time.
#[derive(Clone, Debug)]
pub struct Clock {
    /// Function that returns the current moment.
    pub now: fn() -> SystemTime,
    /// Time zone in which it is shown.
    pub zone: Zone,
}

/// Time zone of log lines.
#[derive(Clone, Debug)]
pub enum Zone {
    /// Coordinated universal time.
    Utc,
    /// Local time of the machine, by its rules at each moment.
    Local(TimeZone),
}

/// Error that the time zone of the machine is not known.
#[derive(Debug, Error)]
#[error(
    "the time zone of this machine is not known: expected its name or rule in TZ, or /etc/localtime: {0}"
)]
pub struct NoZone(jiff::Error);

impl Zone {
    /// Returns the zone of this machine: from the environment's `TZ`, or else from `/etc/localtime`.
    ///
    /// # Errors
    ///
    /// Neither names a zone.
    pub fn local() -> Result<Self, NoZone> {
        TimeZone::try_system().map(Self::Local).map_err(NoZone)
    }

    /// Returns the number of seconds that clocks in this zone are ahead of UTC.
    fn offset(&self, moment: SystemTime) -> i32 {
        match (self, Timestamp::try_from(moment)) {
            (Self::Local(zone), Ok(moment)) => zone.to_offset(moment).seconds(),
            // Moments beyond the year 9999 have no rule.
            (Self::Local(_), Err(_)) | (Self::Utc, _) => 0,
        }
    }
}

impl Clock {
    /// Returns the time now, as a line begins: `2024-08-21 22:11:15`.
    pub(super) fn time(&self) -> impl Display + use<> {
        let moment = (self.now)();
        Civil::at(moment, self.zone.offset(moment))
    }
}

impl Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Utc => "utc",
            Self::Local(_) => "local",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, UNIX_EPOCH};

    #[test]
    fn the_time_of_a_place_is_that_of_the_season() {
        let zone = || Zone::Local(TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap());
        let winter: fn() -> SystemTime = || UNIX_EPOCH + Duration::from_secs(1_704_063_600);
        let summer: fn() -> SystemTime = || UNIX_EPOCH + Duration::from_secs(1_724_278_275);
        assert_eq!(Clock { now: winter, zone: Zone::Utc }.time().to_string(), "2023-12-31 23:00:00");
        assert_eq!(Clock { now: winter, zone: zone() }.time().to_string(), "2024-01-01 00:00:00");
        assert_eq!(Clock { now: summer, zone: zone() }.time().to_string(), "2024-08-22 00:11:15");
        let west = Zone::Local(TimeZone::posix("<-03>3").unwrap());
        assert_eq!(Clock { now: summer, zone: west }.time().to_string(), "2024-08-21 19:11:15");
    }

    #[test]
    fn a_moment_that_no_rule_knows_is_told_in_utc() {
        let far: fn() -> SystemTime = || UNIX_EPOCH + Duration::from_secs(253_402_300_800);
        let zone = Zone::Local(TimeZone::posix("<-03>3").unwrap());
        assert_eq!(Clock { now: far, zone }.time().to_string(), "10000-01-01 00:00:00");
    }
}
