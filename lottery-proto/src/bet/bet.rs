//! Bets and the validation of their fields (`docs/protocol.md#bets`).

use core::fmt;

use super::date::is_date;
use super::field::{Field, FieldError, FieldProblem};
use super::swar::{self, are_digits};

/// Valid bet, borrowed from the bytes that it was read from.
///
/// A bet is personal data: its `Debug` shows none of it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Bet<'a> {
    pub(crate) first_name: &'a str,
    pub(crate) last_name: &'a str,
    pub(crate) document: &'a str,
    pub(crate) birthdate: &'a str,
    pub(crate) number: u32,
}

/// Fields of a bet as texts, which [`Bet::new`] checks.
///
/// They are personal data: their `Debug` shows none of them.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct BetFields<'a> {
    /// Given names.
    pub first_name: &'a str,
    /// Family names.
    pub last_name: &'a str,
    /// Person's document, in decimal digits.
    pub document: &'a str,
    /// Date of birth, `YYYY-MM-DD`.
    pub birthdate: &'a str,
    /// Number that is bet on, in decimal digits.
    pub number: &'a str,
}

/// Names fields that stand in the order of every dialect: first name, last name, document, birth date, number.
impl<'a, T: AsRef<str> + ?Sized> From<[&'a T; 5]> for BetFields<'a> {
    fn from(fields: [&'a T; 5]) -> Self {
        let [first_name, last_name, document, birthdate, number] = fields.map(AsRef::as_ref);
        Self { first_name, last_name, document, birthdate, number }
    }
}

impl fmt::Debug for BetFields<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BetFields(..)")
    }
}

/// Maximum length of a name, in bytes.
pub const MAX_NAME: usize = 255;
/// Maximum length of a document, in digits.
pub const MAX_DOCUMENT: usize = 20;

impl<'a> Bet<'a> {
    /// Returns a bet of these fields, [`BetFields`] or an array in their order, after checking each one.
    ///
    /// - names: 1 to 255 bytes of UTF-8 without control characters. All other characters are accepted and kept as they
    ///   came, in every dialect: joiners and direction marks are part of names, and a program that displays a name must
    ///   handle them;
    /// - `document`: 1 to 20 decimal digits, kept as written;
    /// - `birthdate`: a real date, `YYYY-MM-DD`;
    /// - `number`: decimal digits, up to 4294967295; leading zeros are dropped.
    ///
    /// # Errors
    /// The first field that is wrong, and its problem.
    pub fn new(fields: impl Into<BetFields<'a>>) -> Result<Self, FieldError> {
        let BetFields { first_name, last_name, document, birthdate, number } = fields.into();
        Ok(Self {
            first_name: check_name(Field::FirstName, first_name)?,
            last_name: check_name(Field::LastName, last_name)?,
            document: check_document(document)?,
            birthdate: check_birthdate(birthdate)?,
            number: parse_number(number.as_bytes())?,
        })
    }

    /// Returns a bet like [`Bet::new`], from bytes that need not be UTF-8.
    pub(crate) fn from_bytes(fields: [&'a [u8]; 5]) -> Result<Self, FieldError> {
        let [first_name, last_name, document, birthdate, number] = fields;
        Ok(Self {
            first_name: check_name(Field::FirstName, utf8(Field::FirstName, first_name)?)?,
            last_name: check_name(Field::LastName, utf8(Field::LastName, last_name)?)?,
            document: check_document(utf8(Field::Document, document)?)?,
            birthdate: check_birthdate(utf8(Field::Birthdate, birthdate)?)?,
            number: parse_number(number)?,
        })
    }

    /// Returns the given names.
    pub const fn first_name(&self) -> &'a str {
        self.first_name
    }

    /// Returns the family names.
    pub const fn last_name(&self) -> &'a str {
        self.last_name
    }

    /// Returns the person's document: 1 to 20 decimal digits, as written.
    pub const fn document(&self) -> &'a str {
        self.document
    }

    /// Returns the date of birth: a real date, `YYYY-MM-DD`.
    pub const fn birthdate(&self) -> &'a str {
        self.birthdate
    }

    /// Returns the number that was bet on.
    pub const fn number(&self) -> u32 {
        self.number
    }

    /// Returns the bet with another number.
    #[cfg(any(test, feature = "serde"))]
    pub(crate) const fn with_number(self, number: u32) -> Self {
        Self { number, ..self }
    }
}

impl fmt::Debug for Bet<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Bet(..)")
    }
}

fn utf8(field: Field, bytes: &[u8]) -> Result<&str, FieldError> {
    core::str::from_utf8(bytes).map_err(|_| FieldError { field, problem: FieldProblem::NotUtf8 })
}

fn check_name(field: Field, name: &str) -> Result<&str, FieldError> {
    let fail = |problem| Err(FieldError { field, problem });
    if name.is_empty() {
        return fail(FieldProblem::Empty);
    }
    if name.len() > MAX_NAME {
        return fail(FieldProblem::TooLong(MAX_NAME));
    }
    if may_hold_control(name.as_bytes()) && name.chars().any(char::is_control) {
        return fail(FieldProblem::ControlCharacter);
    }
    Ok(name)
}

/// True if the text holds a control character of ASCII, or 0xC2, the first byte of U+0080 to U+009F.
#[inline]
fn may_hold_control(text: &[u8]) -> bool {
    swar::any_word(text, |word| swar::below(word, 0x20) | swar::equal(word, 0x7F) | swar::equal(word, 0xC2))
}

fn check_document(document: &str) -> Result<&str, FieldError> {
    let fail = |problem| Err(FieldError { field: Field::Document, problem });
    if document.is_empty() {
        return fail(FieldProblem::Empty);
    }
    if !are_digits(document.as_bytes()) {
        return fail(FieldProblem::NotDigits);
    }
    if document.len() > MAX_DOCUMENT {
        return fail(FieldProblem::TooLong(MAX_DOCUMENT));
    }
    Ok(document)
}

fn check_birthdate(birthdate: &str) -> Result<&str, FieldError> {
    if is_date(birthdate.as_bytes()) {
        Ok(birthdate)
    } else {
        Err(FieldError { field: Field::Birthdate, problem: FieldProblem::NotADate })
    }
}

/// Parses a decimal number without a sign, up to 4294967295.
fn parse_number(digits: &[u8]) -> Result<u32, FieldError> {
    let fail = |problem| Err(FieldError { field: Field::Number, problem });
    if digits.is_empty() {
        return fail(FieldProblem::Empty);
    }
    if !digits.iter().all(u8::is_ascii_digit) {
        return fail(FieldProblem::NotDigits);
    }
    let number = digits
        .iter()
        .try_fold(0_u32, |number, digit| number.checked_mul(10)?.checked_add(u32::from(digit - b'0')));
    number.map_or_else(|| fail(FieldProblem::TooLarge), Ok)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use alloc::string::String;

    fn error(first: &str, last: &str, document: &str, birthdate: &str, number: &str) -> String {
        format!("{}", Bet::new([first, last, document, birthdate, number]).expect_err("it is wrong"))
    }

    #[test]
    fn names_the_field_and_what_is_wrong() {
        let long = "ñ".repeat(128);
        for (said, expected) in [
            (error("", "Paz", "1", "2000-01-01", "1"), "first_name: empty"),
            (error("Ana", &long, "1", "2000-01-01", "1"), "last_name: too long, at most 255"),
            (error("A\u{85}", "Paz", "1", "2000-01-01", "1"), "first_name: holds a control character"),
            (error("A\x7f", "Paz", "1", "2000-01-01", "1"), "first_name: holds a control character"),
            (error("Ana", "Paz", "", "2000-01-01", "1"), "document: empty"),
            (error("Ana", "Paz", "+1", "2000-01-01", "1"), "document: expected decimal digits"),
            (
                error("Ana", "Paz", "123456789012345678901", "2000-01-01", "1"),
                "document: too long, at most 20",
            ),
            (error("Ana", "Paz", "1", "2023-02-29", "1"), "birthdate: expected a date, YYYY-MM-DD"),
            (error("Ana", "Paz", "1", "2000-01-01", ""), "number: empty"),
            (error("Ana", "Paz", "1", "2000-01-01", "-1"), "number: expected decimal digits"),
            (error("Ana", "Paz", "1", "2000-01-01", "4294967296"), "number: over 4294967295"),
            (error("Ana", "Paz", "1", "2000-01-01", "99999999999999999999999"), "number: over 4294967295"),
        ] {
            assert_eq!(said, expected);
        }
    }

    #[test]
    fn finds_a_control_character_wherever_it_is() {
        // Fewer cases under Miri, which is about a thousand times slower.
        let (lengths, step) = if cfg!(miri) { (7..10, 9) } else { (1..40, 1) };
        for (around, len) in ['ñ', 'd'].into_iter().flat_map(|a| lengths.clone().map(move |len| (a, len))) {
            for at in 0..len {
                for character in (0..0x100).step_by(step).filter_map(char::from_u32) {
                    let name: String =
                        (0..len).map(|place| if place == at { character } else { around }).collect();
                    let found = check_name(Field::FirstName, &name).is_err();
                    assert_eq!(found, character.is_control(), "{character:?} at {at} of {len}, {around}");
                }
            }
        }
    }

    #[test]
    fn keeps_the_zeros_of_a_document_and_drops_those_of_a_number() {
        let bet =
            Bet::new(["Ana", "Paz", "0012", "2000-02-29", "0000000000000000000000007574"]).expect("valid");
        assert_eq!((bet.document(), bet.number()), ("0012", 7574));
        assert_eq!(
            Bet::new(["A", "B", "1", "0001-01-01", "4294967295"]).map(|bet| bet.number()),
            Ok(u32::MAX)
        );
    }

    #[test]
    fn fields_are_taken_by_name_or_in_the_order_of_a_list() {
        let fields = BetFields {
            first_name: "Ana",
            last_name: "Paz",
            document: "0012",
            birthdate: "1980-01-01",
            number: "07",
        };
        assert_eq!(fields, ["Ana", "Paz", "0012", "1980-01-01", "07"].into());
        let bet = Bet::new(fields).expect("valid");
        assert_eq!((bet.first_name(), bet.last_name(), bet.document()), ("Ana", "Paz", "0012"));
        assert_eq!((bet.birthdate(), bet.number()), ("1980-01-01", 7));
        assert_eq!(
            Bet::new(BetFields { last_name: "", ..fields }).map_err(|error| error.field),
            Err(Field::LastName)
        );
        assert_eq!(format!("{fields:?}"), "BetFields(..)");
    }

    #[test]
    fn debug_shows_no_personal_data() {
        let bet = Bet::new(["Ana", "Paz", "20000001", "1980-01-01", "7574"]).expect("valid");
        assert_eq!(format!("{bet:?}"), "Bet(..)");
    }
}
