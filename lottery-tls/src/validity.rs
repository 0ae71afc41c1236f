//! Dates between which a certificate is valid.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustls::pki_types::CertificateDer;

/// Tags of DER that lead to the dates.
const SEQUENCE: u8 = 0x30;
const VERSION: u8 = 0xa0;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

/// Dates between which a certificate is valid, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Validity {
    /// First second.
    pub not_before: SystemTime,
    /// Last second.
    pub not_after: SystemTime,
}

impl Validity {
    /// Returns the dates of a certificate; `None` if it cannot be read.
    pub(crate) fn of(certificate: &CertificateDer<'_>) -> Option<Self> {
        let mut whole = certificate.as_ref();
        let mut outer = take(&mut whole, SEQUENCE)?;
        let mut signed = take(&mut outer, SEQUENCE)?;
        if signed.first() == Some(&VERSION) {
            take(&mut signed, VERSION)?;
        }
        // Serial number, algorithm, issuer.
        for _ in 0..3 {
            let tag = *signed.first()?;
            take(&mut signed, tag)?;
        }
        let mut dates = take(&mut signed, SEQUENCE)?;
        Some(Self { not_before: time(&mut dates)?, not_after: time(&mut dates)? })
    }
}

/// Takes the value at the front, which must have that tag, and returns its content.
fn take<'a>(der: &mut &'a [u8], tag: u8) -> Option<&'a [u8]> {
    let (&[found, first], mut rest) = der.split_first_chunk()?;
    if found != tag {
        return None;
    }
    let len = if first < 0x80 {
        usize::from(first)
    } else {
        let (bytes, behind) =
            rest.split_at_checked(usize::from(first & 0x7f)).filter(|(len, _)| len.len() <= 4)?;
        rest = behind;
        bytes.iter().fold(0, |len, byte| len << 8 | usize::from(*byte))
    };
    let (content, behind) = rest.split_at_checked(len)?;
    *der = behind;
    Some(content)
}

/// Takes a date: `YYMMDDHHMMSSZ` from 1950 to 2049, or `YYYYMMDDHHMMSSZ`.
fn time(der: &mut &[u8]) -> Option<SystemTime> {
    let tag = *der.first()?;
    let text = std::str::from_utf8(take(der, tag)?).ok()?.strip_suffix('Z')?;
    let (year, rest) = match tag {
        UTC_TIME => {
            let (year, rest) = text.split_at_checked(2)?;
            let year: u64 = year.parse().ok()?;
            (if year < 50 { 2000 + year } else { 1900 + year }, rest)
        }
        GENERALIZED_TIME => {
            let (year, rest) = text.split_at_checked(4)?;
            (year.parse().ok()?, rest)
        }
        _ => return None,
    };
    let mut numbers = [0; 5];
    if rest.len() != 10 {
        return None;
    }
    for (number, at) in numbers.iter_mut().zip((0..10).step_by(2)) {
        *number = rest.get(at..at + 2)?.parse().ok()?;
    }
    let [month, day, hours, minutes, seconds] = numbers;
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let days = days_since_0(year, month, day).checked_sub(days_since_0(1970, 1, 1));
    // Before 1970 is as good as 1970.
    let since = days.map_or(0, |days| ((days * 24 + hours) * 60 + minutes) * 60 + seconds);
    UNIX_EPOCH.checked_add(Duration::from_secs(since))
}

/// Returns the number of days from a day in the year 0 on, in the Gregorian calendar.
const fn days_since_0(year: u64, month: u64, day: u64) -> u64 {
    // A year begins in March, so that its leap day is its last.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year.saturating_sub(1), month + 9) };
    year * 365 + year / 4 - year / 100 + year / 400 + (month * 153 + 2) / 5 + day
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(tag: u8, text: &str) -> Option<u64> {
        let len = u8::try_from(text.len()).unwrap();
        let der = [&[tag, len], text.as_bytes()].concat();
        time(&mut &der[..]).map(|time| time.duration_since(UNIX_EPOCH).unwrap().as_secs())
    }

    #[test]
    fn dates_are_those_of_another_program() {
        // `date -u -d 2026-11-29T07:47:27 +%s`, and so on.
        for (tag, text, expected) in [
            (UTC_TIME, "700101000000Z", Some(0)),
            (UTC_TIME, "261129074727Z", Some(1_795_938_447)),
            (UTC_TIME, "000229235959Z", Some(951_868_799)),
            (UTC_TIME, "491231235959Z", Some(2_524_607_999)),
            (UTC_TIME, "500101000000Z", Some(0)),
            (GENERALIZED_TIME, "20500101000000Z", Some(2_524_608_000)),
            (GENERALIZED_TIME, "21000301000000Z", Some(4_107_542_400)),
            (GENERALIZED_TIME, "99991231235959Z", Some(253_402_300_799)),
            (GENERALIZED_TIME, "00000101000000Z", Some(0)),
            (UTC_TIME, "261329074727Z", None),
            (UTC_TIME, "261100074727Z", None),
            (UTC_TIME, "26112907472", None),
            (UTC_TIME, "2611290747Z", None),
            (UTC_TIME, "xx1129074727Z", None),
            (SEQUENCE, "261129074727Z", None),
        ] {
            assert_eq!(seconds(tag, text), expected, "{text}");
        }
    }
}
