//! Time of a log line, in UTC or in the time of the machine.

use std::fmt::{self, Display};
use std::time::{SystemTime, UNIX_EPOCH};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use thiserror::Error;

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
#[non_exhaustive]
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
}

impl Clock {
    /// Returns the time now as RFC 3339 has it, to the microsecond: `2024-08-21T22:11:15.042000Z`.
    pub(super) fn moment(&self) -> impl Display + use<> {
        let (zone, form) = match &self.zone {
            Zone::Utc => (TimeZone::UTC, "%Y-%m-%dT%H:%M:%S%.6fZ"),
            Zone::Local(zone) => (zone.clone(), "%Y-%m-%dT%H:%M:%S%.6f%:z"),
        };
        timestamp((self.now)()).to_zoned(zone).strftime(form).to_string()
    }

    /// Returns the time now, as a line begins: `2024-08-21 22:11:15`.
    pub(super) fn time(&self) -> impl Display + use<> {
        let zone = match &self.zone {
            Zone::Utc => &TimeZone::UTC,
            Zone::Local(zone) => zone,
        };
        zone.to_datetime(timestamp((self.now)())).strftime("%Y-%m-%d %H:%M:%S")
    }
}

/// Returns a moment for the name of a file, in UTC: `2024-08-21T221115Z`.
pub(crate) fn stamp(moment: SystemTime) -> String {
    timestamp(moment).strftime("%Y-%m-%dT%H%M%SZ").to_string()
}

/// Returns the moment, or the nearest between the years -9999 and 9999.
fn timestamp(moment: SystemTime) -> Timestamp {
    let nearest = if moment < UNIX_EPOCH { Timestamp::MIN } else { Timestamp::MAX };
    Timestamp::try_from(moment).unwrap_or(nearest)
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
    fn local_time_follows_daylight_saving_time() {
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
    fn a_second_begins_before_its_fractions_also_before_1970() {
        let shown = |moment: SystemTime| timestamp(moment).strftime("%Y-%m-%d %H:%M:%S").to_string();
        assert_eq!(shown(UNIX_EPOCH), "1970-01-01 00:00:00");
        assert_eq!(shown(UNIX_EPOCH - Duration::from_nanos(1)), "1969-12-31 23:59:59");
        assert_eq!(shown(UNIX_EPOCH + Duration::new(951_782_400, 999_999_999)), "2000-02-29 00:00:00");
        assert_eq!(stamp(UNIX_EPOCH + Duration::from_millis(1_724_278_275_999)), "2024-08-21T221115Z");
    }

    #[test]
    fn a_moment_beyond_9999_is_shown_in_9999() {
        let far: fn() -> SystemTime = || UNIX_EPOCH + Duration::from_secs(253_402_300_800);
        for zone in [Zone::Utc, Zone::Local(TimeZone::posix("<-03>3").unwrap())] {
            let time = Clock { now: far, zone }.time().to_string();
            assert!(time.starts_with("9999-12-3"), "{time}");
        }
        assert!(stamp(UNIX_EPOCH + Duration::from_secs(u64::from(u32::MAX) << 20)).starts_with("9999-12-3"));
    }
}
