//! Fields of a bet, and what can be wrong with one.

use core::fmt;

/// Fields of a bet, in the order in which every dialect sends them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Field {
    /// [`Bet::first_name`](super::Bet::first_name)
    FirstName,
    /// [`Bet::last_name`](super::Bet::last_name)
    LastName,
    /// [`Bet::document`](super::Bet::document)
    Document,
    /// [`Bet::birthdate`](super::Bet::birthdate)
    Birthdate,
    /// [`Bet::number`](super::Bet::number)
    Number,
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::FirstName => "first_name",
            Self::LastName => "last_name",
            Self::Document => "document",
            Self::Birthdate => "birthdate",
            Self::Number => "number",
        })
    }
}

/// Field of a bet that is wrong, with its problem.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {problem}")]
#[non_exhaustive]
pub struct FieldError {
    /// The field.
    pub field: Field,
    /// Problem of the field.
    pub problem: FieldProblem,
}

impl FieldError {
    /// Returns the problem of that field.
    pub const fn new(field: Field, problem: FieldProblem) -> Self {
        Self { field, problem }
    }
}

/// Problems of a field of a bet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FieldProblem {
    /// Field without content.
    #[error("empty")]
    Empty,
    /// Name of more than 255 bytes, or document of more than 20 digits. Holds the limit.
    #[error("too long, at most {0}")]
    TooLong(usize),
    /// Bytes that are not UTF-8.
    #[error("not UTF-8")]
    NotUtf8,
    /// Control character in a name.
    #[error("holds a control character")]
    ControlCharacter,
    /// Anything else than decimal digits in a document or a number.
    #[error("expected decimal digits")]
    NotDigits,
    /// Text that is not a day of the calendar in the form `YYYY-MM-DD`.
    #[error("expected a date, YYYY-MM-DD")]
    NotADate,
    /// Number over 4294967295.
    #[error("over 4294967295")]
    TooLarge,
    /// Character that the dialect in use cannot carry, such as its separator.
    #[error("{0:?} cannot be sent in this dialect")]
    NotInDialect(char),
    /// Space at the end, in a dialect that pads with spaces: a reader would drop it as padding.
    #[error("ends with a space, which this dialect takes for padding")]
    TrailingSpace,
    /// Leading zero, in a dialect that pads with zeros: a reader would drop it as padding.
    #[error("begins with a zero, which this dialect takes for padding")]
    LeadingZero,
    /// Value that is wider than its column in the dialect in use. Holds the width, in characters.
    #[error("wider than the {0} characters that this dialect has for it")]
    TooWide(usize),
}
