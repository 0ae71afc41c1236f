//! Bets in lines, as an agency's file has them: CSV without quotes.

use super::fast_path;
use crate::bet::BetVec;

impl BetVec {
    /// Appends the bets of the lines at the start of `text`, and returns the size of these lines in bytes.
    ///
    /// A line is `first_name,last_name,document,birthdate,number` and its end, CR LF, LF or CR. Taken are whole, valid,
    /// short lines without quotes, of a window of 64 bytes each, up to the first other one. That one may be valid, too:
    /// it is for a reader that knows quotes and finds mistakes.
    pub fn extend_from_lines(&mut self, text: &str) -> usize {
        self.push_lines(text, |at| {
            let (bet, len, size) = fast_path::line(text.as_bytes().get(at..)?)?;
            let (lens, number) = bet.lens_and_number(len);
            Some((lens, number, at + size))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bet::Bet;
    use alloc::format;
    use alloc::string::String;
    use proptest::prelude::*;

    /// Generates fields that are mostly valid, and sometimes not.
    fn field(good: &'static str) -> impl Strategy<Value = String> {
        prop_oneof![15 => good, 1 => "[a-zñ,;\"0-9\\-\u{7F}\u{85}\u{1F}\r\n]{0,12}"]
    }

    /// Returns the bet of a line, if it is one, read field by field.
    fn bet(line: &str) -> Option<Bet<'_>> {
        let mut fields = line.split(',');
        let mut next = || fields.next().unwrap_or_default();
        let bet = Bet::new([next(), next(), next(), next(), next()]).ok();
        bet.filter(|_| fields.next().is_none() && !line.contains('"'))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(5_000))]
        #[test]
        fn lines_are_taken_up_to_the_first_that_is_not_plain(
            first in field("[A-ZÑ][a-zñ ]{0,18}"),
            last in field("[A-ZÑ][a-zñ ]{0,24}"),
            document in field("[0-9]{6,9}"),
            date in field("[12][09][0-9]{2}-[01][0-9]-[0-2][0-9]"),
            number in field("[0-9]{1,9}"),
            end in "\r\n|\r|\n",
        ) {
            let line = format!("{first},{last},{document},{date},{number}");
            let good = "Eva,Sosa,2,1980-01-01,1";
            let text = format!("{good}{end}{line}{end}{good}{end}{}", " ".repeat(64));
            let mut bets = BetVec::default();
            let taken = bets.extend_from_lines(&text);
            let is_short = line.len() < 63 && number.len() <= 8 && !line.as_bytes().contains(&0xC2);
            let is_canonical = number == "0" || !number.starts_with('0');
            match bet(&line).filter(|_| is_short && is_canonical) {
                Some(bet) => {
                    let expected = [good, &line, good].map(|line| line.len() + end.len());
                    prop_assert_eq!(taken, expected.iter().sum::<usize>());
                    prop_assert_eq!(bets.iter_from(1).next(), Some(bet));
                }
                // Such a line may hold two others.
                None => prop_assert!(taken == good.len() + end.len() || line.contains(['\r', '\n'])),
            }
            let expected = text.get(..taken).unwrap_or_default().split(['\r', '\n']).filter_map(bet);
            prop_assert!(bets.iter().eq(expected));
        }
    }

    #[test]
    fn a_line_without_a_window_behind_it_is_not_taken() {
        let line = "Ana,Paz,20000001,1980-01-01,7574\n";
        for (behind, taken) in [(0, 0), (64 - line.len() - 1, 0), (64 - line.len(), line.len())] {
            let mut bets = BetVec::default();
            assert_eq!(bets.extend_from_lines(&format!("{line}{}", "x".repeat(behind))), taken);
            assert_eq!(bets.len(), usize::from(taken > 0));
        }
    }
}
