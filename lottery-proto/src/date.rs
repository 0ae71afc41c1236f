//! Calendar dates, `YYYY-MM-DD`, years 0001 to 9999 of the Gregorian calendar.

/// Whether these ten bytes are a real date: digits and hyphens in their places, a month and a day that exist.
pub(crate) fn is_date(text: &[u8]) -> bool {
    let &[y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = text else { return false };
    let (Some(century), Some(in_century), Some(month), Some(day)) =
        (two_digits(y1, y2), two_digits(y3, y4), two_digits(m1, m2), two_digits(d1, d2))
    else {
        return false;
    };
    let year = u16::from(century) * 100 + u16::from(in_century);
    year >= 1 && day >= 1 && day <= days_in_month(year, month)
}

fn two_digits(tens: u8, ones: u8) -> Option<u8> {
    let (tens, ones) = (tens.wrapping_sub(b'0'), ones.wrapping_sub(b'0'));
    (tens <= 9 && ones <= 9).then(|| tens * 10 + ones)
}

/// How many days that month has; none if there is no such month.
fn days_in_month(year: u16, month: u8) -> u8 {
    match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use jiff::civil::Date;

    #[test]
    fn agrees_with_a_calendar_on_every_day_and_every_near_miss() {
        for year in 0..=9999_i16 {
            for month in 0..=13_i8 {
                for day in 0..=32_i8 {
                    let text = format!("{year:04}-{month:02}-{day:02}");
                    let real = year > 0 && Date::new(year, month, day).is_ok();
                    assert_eq!(is_date(text.as_bytes()), real, "{text}");
                }
            }
        }
    }

    #[test]
    fn takes_ten_characters_in_their_places_only() {
        for wrong in [
            "",
            "2024-8-21",
            "20240821",
            "2024/08/21",
            "2024-08-211",
            "+024-08-21",
            "2024-0a-21",
            "21-08-2024",
        ] {
            assert!(!is_date(wrong.as_bytes()), "{wrong}");
        }
    }
}
