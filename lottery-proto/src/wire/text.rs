//! Helpers that the textual dialects share.

use alloc::string::String;
use alloc::vec::Vec;

use crate::bet::{AgencyId, Bet, BetSlice, Field, FieldError, FieldProblem, MAX_DOCUMENT, swar};
use crate::error::{DecodeError, Problem};

/// Parses a decimal number of 1 to 9 digits.
pub fn number(digits: &[u8]) -> Option<usize> {
    if !(1..=9).contains(&digits.len()) {
        return None;
    }
    digits.iter().try_fold(0, |number, digit| {
        let digit = digit.wrapping_sub(b'0');
        (digit <= 9).then(|| number * 10 + usize::from(digit))
    })
}

/// Parses an agency in decimal digits, which stand `offset` bytes behind the start of the message.
///
/// # Errors
/// They are not the number of an agency.
pub fn agency(digits: &[u8], offset: usize) -> Result<AgencyId, DecodeError> {
    let number = number(digits).and_then(|number| u32::try_from(number).ok());
    let agency = number.and_then(AgencyId::new);
    agency.ok_or(DecodeError::new(offset, Problem::Expected("an agency, 1 to 99999")))
}

/// Returns the offsets of the `N` separators in `bytes`.
///
/// # Errors
/// The number of separators, if it is another.
pub(super) fn separators<const N: usize>(separator: u8, bytes: &[u8]) -> Result<[usize; N], usize> {
    let mut rest = memchr::memchr_iter(separator, bytes);
    let found = [(); N].map(|()| rest.next());
    if found.iter().all(Option::is_some) && rest.next().is_none() {
        Ok(found.map(Option::unwrap_or_default))
    } else {
        Err(memchr::memchr_iter(separator, bytes).count())
    }
}

/// Returns the bytes as text. They stand `offset` bytes behind the start of the message.
///
/// # Errors
/// They are not UTF-8.
pub fn utf8(bytes: &[u8], offset: usize) -> Result<&str, DecodeError> {
    core::str::from_utf8(bytes)
        .map_err(|error| DecodeError::new(offset + error.valid_up_to(), Problem::Expected("UTF-8")))
}

/// Checks that no name of the bet holds one of the dialect's separators, which are ASCII.
///
/// # Errors
/// The name, and the separator in it.
#[inline]
pub fn check_separators(bet: &Bet<'_>, separators: &[u8]) -> Result<(), FieldError> {
    for (field, name) in [(Field::FirstName, bet.first_name), (Field::LastName, bet.last_name)] {
        let one_of = |word| separators.iter().fold(0, |found, byte| found | swar::equal(word, *byte));
        if swar::any_word(name.as_bytes(), one_of)
            && let Some(&separator) = name.as_bytes().iter().find(|byte| separators.contains(byte))
        {
            return Err(FieldError { field, problem: FieldProblem::NotInDialect(separator.into()) });
        }
    }
    Ok(())
}

/// Returns the first of `bets` with one of the dialect's separators in a name, by its index from 0.
pub(super) fn first_unsendable(bets: BetSlice<'_>, separators: &[u8]) -> Option<(usize, FieldError)> {
    if !bets.may_hold(separators) {
        return None;
    }
    let checked = |(index, bet)| check_separators(&bet, separators).err().map(|error| (index, error));
    bets.iter().enumerate().find_map(checked)
}

/// Checks that the bet fits into columns of these widths of a name, the document and the number, in characters, and loses
/// nothing with its padding.
pub(super) fn check_columns(bet: &Bet<'_>, [name, document, number]: [usize; 3]) -> Result<(), FieldError> {
    let fail = |field, problem| Err(FieldError { field, problem });
    for (field, text) in [(Field::FirstName, bet.first_name), (Field::LastName, bet.last_name)] {
        if text.chars().count() > name {
            return fail(field, FieldProblem::TooWide(name));
        }
        // A reader would drop the space as padding.
        if text.ends_with(' ') {
            return fail(field, FieldProblem::TrailingSpace);
        }
    }
    if bet.document.len() > document {
        return fail(Field::Document, FieldProblem::TooWide(document));
    }
    if bet.document.len() > 1 && bet.document.starts_with('0') {
        return fail(Field::Document, FieldProblem::LeadingZero);
    }
    if itoa::Buffer::new().format(bet.number).len() > number {
        return fail(Field::Number, FieldProblem::TooWide(number));
    }
    Ok(())
}

/// Returns a document without padding; of a document of zeros one is left.
pub(super) fn without_zeros(document: &str) -> &str {
    let trimmed = document.trim_start_matches('0');
    if trimmed.is_empty() {
        document.get(document.len().saturating_sub(1)..).unwrap_or_default()
    } else {
        trimmed
    }
}

/// True if the text is a document as a server may send it: 1 to 20 digits.
pub fn is_document(text: &[u8]) -> bool {
    (1..=MAX_DOCUMENT).contains(&text.len()) && text.iter().all(u8::is_ascii_digit)
}

/// Returns the text of a failure, with `,` for each character that would end a message too early.
pub fn failure_text(text: &str) -> String {
    let unsafe_char = |c: char| c == ';' || c.is_control();
    text.chars().map(|c| if unsafe_char(c) { ',' } else { c }).collect()
}

/// Appends the first `len` of these bytes. It copies `N` bytes, if there are, which needs no call.
#[inline]
pub(super) fn put_window<const N: usize>(bytes: &[u8], len: usize, out: &mut Vec<u8>) {
    match bytes.first_chunk::<N>() {
        Some(window) if len <= N => {
            let end = out.len() + len;
            out.extend_from_slice(window);
            out.truncate(end);
        }
        _ => out.extend_from_slice(bytes.get(..len).unwrap_or_default()),
    }
}

/// Appends a number in decimal digits.
pub fn put_number(number: u32, out: &mut Vec<u8>) {
    out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}

/// Appends a number in decimal digits, padded left with zeros.
pub fn put_padded(number: usize, width: usize, out: &mut Vec<u8>) {
    let mut digits = itoa::Buffer::new();
    let digits = digits.format(number).as_bytes();
    out.resize(out.len() + width.saturating_sub(digits.len()), b'0');
    out.extend_from_slice(digits);
}

/// Writes a number in decimal digits, padded left with zeros. Digits for which there is no place are left out.
pub(super) fn set_padded(number: usize, places: &mut [u8]) {
    let mut rest = number;
    for place in places.iter_mut().rev() {
        *place = b'0' + u8::try_from(rest % 10).unwrap_or_default();
        rest /= 10;
    }
}
