//! Reasons of a rejection, as a client reads them (`docs/protocol.md#errors`).

use core::ops::Range;

use super::failure::Code;
use super::text;

/// Reason of a rejection: what a dialect carries of it, and the place of its text in the message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Reason {
    /// Error code, if it is known here.
    pub code: Option<Code>,
    /// Number that the text gives for a bet, counted from 1.
    pub bet: Option<usize>,
    /// Range of the text, without the code. It is UTF-8.
    pub text: Range<usize>,
}

/// Words that stand for a code where a dialect has none (`docs/protocol.md#error-codes`), as servers of this project write
/// them: those that a client acts on. `the draw has taken place` is not among them, as it says nothing of the agency.
const WORDS: &[(&str, Code)] = &[
    ("the server is stopping", Code::ShuttingDown),
    ("too many connections", Code::TooManyConnections),
    ("too many connections from this address", Code::TooManyConnections),
    ("nothing was sent for too long", Code::Timeout),
    ("a message was not completed in time", Code::Timeout),
    ("there was no memory for a message in time", Code::Timeout),
    ("the agency is finished", Code::Finished),
];

impl Reason {
    /// Returns the reason whose text stands in that range of the message, in a dialect without codes: whole texts of
    /// this project's servers are known, and stand for theirs. A dialect of one's own has codes of its own.
    pub(super) fn in_words(message: &[u8], range: Range<usize>) -> Self {
        let words = message.get(range.clone()).unwrap_or_default();
        let known = WORDS.iter().find(|(text, _)| text.as_bytes() == words);
        Self { code: known.map(|(_, code)| *code), ..Self::of_text(message, range) }
    }

    /// Returns the reason whose text stands in that range of the message.
    pub fn of_text(message: &[u8], range: Range<usize>) -> Self {
        let bytes = message.get(range.clone()).unwrap_or_default();
        let bet = core::str::from_utf8(bytes).ok().and_then(bet_in);
        Self { code: None, bet, text: range }
    }

    /// Returns the reason in that range of the message: a code, `separator`, and a text. A code that is not known here
    /// is left in front of the text, for people to read.
    pub fn with_code(message: &[u8], range: Range<usize>, separator: &str) -> Self {
        let bytes = message.get(range.clone()).unwrap_or_default();
        let whole = core::str::from_utf8(bytes).unwrap_or_default();
        let Some((name, said)) = whole.split_once(separator).filter(|(name, _)| is_code(name)) else {
            return Self::of_text(message, range);
        };
        let code = Code::from_name(name);
        let skipped = if code.is_some() { name.len() + separator.len() } else { 0 };
        Self { code, bet: bet_in(said), text: range.start + skipped..range.end }
    }
}

/// True if the text has the form of a code, be it one that is known here or not.
fn is_code(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-')
}

/// Returns the number, from 1, of the bet that a text begins with: `bet N: PROBLEM`, as servers of this project write
/// it. Anything else is prose, of which nothing is guessed.
fn bet_in(text: &str) -> Option<usize> {
    let (digits, problem) = text.strip_prefix("bet ")?.split_once(": ")?;
    let canonical = !digits.starts_with('0') && !problem.is_empty();
    if canonical { text::number(digits.as_bytes()) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_text_that_begins_with_a_bet_names_one() {
        for (text, bet) in [
            ("bet 1: birthdate: empty", Some(1)),
            ("bet 255: 4 fields, expected 5 (at byte 9)", Some(255)),
            ("bet 999999999: x", Some(999_999_999)),
            ("bet 1000000000: x", None),
            ("bet 0: x", None),
            ("bet 01: x", None),
            ("bet +1: x", None),
            ("bet -1: x", None),
            ("bet 1 : x", None),
            ("bet 1:x", None),
            ("bet 1: ", None),
            ("bet 1", None),
            ("bet : x", None),
            ("bet ١: x", None),
            ("bets 1: x", None),
            ("Bet 1: x", None),
            (" bet 1: x", None),
            ("error in bet 1: x", None),
            ("malformed: bet 1: x", None),
            ("", None),
        ] {
            assert_eq!(Reason::of_text(text.as_bytes(), 0..text.len()).bet, bet, "{text}");
        }
    }

    #[test]
    fn only_whole_words_of_a_server_of_this_project_stand_for_a_code() {
        for (text, code) in WORDS {
            let message = [b"12", text.as_bytes(), b"3"].concat();
            let reason = Reason::in_words(&message, 2..2 + text.len());
            assert_eq!((reason.code, reason.bet), (Some(*code), None), "{text}");
            assert_eq!(Reason::in_words(&message, 2..message.len()).code, None, "{text}");
            assert_eq!(Reason::of_text(&message, 2..2 + text.len()).code, None, "{text}");
        }
        let text = b"bet 2: the agency is finished";
        let reason = Reason::in_words(text, 0..text.len());
        assert_eq!((reason.code, reason.bet), (None, Some(2)));
    }

    #[test]
    fn only_a_known_code_in_its_place_is_one() {
        for (text, code, bet, rest) in [
            ("malformed: bet 2: x", Some(Code::Malformed), Some(2), "bet 2: x"),
            ("storage: ", Some(Code::Storage), None, ""),
            ("finished: the draw has taken place", Some(Code::Finished), None, "the draw has taken place"),
            // A code within the text is prose.
            ("storage: malformed: bet 2: x", Some(Code::Storage), None, "malformed: bet 2: x"),
            ("unheard-of: bet 2: x", None, Some(2), "unheard-of: bet 2: x"),
            ("unheard of: bet 2: x", None, None, "unheard of: bet 2: x"),
            ("bet 2: malformed: x", None, Some(2), "bet 2: malformed: x"),
            ("Malformed: x", None, None, "Malformed: x"),
            ("malformed:x", None, None, "malformed:x"),
            ("malformed", None, None, "malformed"),
            (": x", None, None, ": x"),
            ("", None, None, ""),
        ] {
            let message = ["1234", text, "56"].concat();
            let end = 4 + text.len();
            let reason = Reason::with_code(message.as_bytes(), 4..end, ": ");
            assert_eq!((reason.code, reason.bet), (code, bet), "{text}");
            assert_eq!(message.get(reason.text), Some(rest), "{text}");
        }
    }
}
