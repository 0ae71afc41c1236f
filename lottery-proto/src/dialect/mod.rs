//! Dialects, and their properties that an application may have to know.

mod profile;
#[cfg(test)]
mod tests;

pub use profile::{DialectProfile, RejectionSign, WinnersFlow};

use core::cmp::Ordering;
use core::fmt;
use core::hash::{Hash, Hasher};
use core::str::FromStr;

#[cfg(doc)]
use crate::bet::AgencyId;
use crate::bet::{Bet, BetSlice, FieldError};
use crate::wire::{self, ClientCodec, ServerCodec};

/// Dialect: one of the protocols that carry the same messages (`docs/protocol.md#choosing-a-dialect`).
///
/// A handle on the description of the dialect. Dialects are compared, ordered and shown by their names.
#[derive(Clone, Copy)]
pub struct Dialect(&'static Wire);

/// Description of a dialect: its name, its limits, and its two sides.
#[derive(Debug)]
pub struct Wire {
    /// Name, in lower case. No two dialects that are used together may have the same.
    pub name: &'static str,
    /// Behavior of a client.
    pub profile: DialectProfile,
    /// Greatest agency number that the dialect can carry, at most [`AgencyId::MAX`].
    pub max_agency: u32,
    /// Length of a list of winners without documents, in bytes; at least that of every other reply over 8192 bytes.
    pub empty_list: usize,
    /// Maximum length that each document adds to a list of winners, in bytes; 0 if a long list continues in further
    /// messages.
    pub listed_document: usize,
    /// Dialect of the same messages: with sessions for one without, and without for one with sessions. A function,
    /// because two descriptions that point to each other are too much for the compiler.
    pub counterpart: Option<fn() -> Dialect>,
    /// Server's side.
    pub server: &'static dyn ServerCodec,
    /// Client's side.
    pub client: &'static dyn ClientCodec,
}

impl Dialect {
    /// Packets in blocks of 8192 bytes (`docs/protocol.md#block`).
    pub const BLOCK: Self = Self(&wire::block::BLOCK);
    /// The same packets on a connection that opens with Hello: each bet is stored once, whatever fails
    /// (`docs/protocol.md#sessions`).
    pub const SESSION: Self = Self(&wire::block::SESSION);
    /// Columns of characters (`docs/protocol.md#fixed`).
    pub const FIXED: Self = Self(&wire::FIXED);
    /// Eight digits and a body (`docs/protocol.md#framed`).
    pub const FRAMED: Self = Self(&wire::FRAMED);
    /// Keys and values in braces (`docs/protocol.md#braces`).
    pub const BRACES: Self = Self(&wire::BRACES);
    /// A bet in a block of 128 bytes, one for each connection (`docs/protocol.md#short`).
    pub const SHORT: Self = Self(&wire::SHORT);
    /// A bet in columns of characters, one for each connection (`docs/protocol.md#columns`).
    pub const COLUMNS: Self = Self(&wire::COLUMNS);
    /// A bet in a line, one for each connection (`docs/protocol.md#line`).
    pub const LINE: Self = Self(&wire::LINE);
    /// Bets in braces without a letter before them, one message for each connection (`docs/protocol.md#bare`).
    pub const BARE: Self = Self(&wire::BARE);
    /// Health check: a line that comes back (`docs/protocol.md#echo`).
    pub const ECHO: Self = Self(&wire::ECHO);

    /// `block` with a server that closes after its reply to Finished, and has no winners
    /// (`docs/protocol.md#earlier-servers`).
    pub const BLOCK_6: Self = Self(&wire::BLOCK_6);
    /// `block` with a server that closes after each reply (`docs/protocol.md#earlier-servers`).
    pub const BLOCK_7: Self = Self(&wire::BLOCK_7);
    /// `fixed` with a server that has no winners (`docs/protocol.md#earlier-servers`).
    pub const FIXED_6: Self = Self(&wire::FIXED_6);
    /// `framed` with a server that has neither Finished nor winners (`docs/protocol.md#earlier-servers`).
    pub const FRAMED_6: Self = Self(&wire::FRAMED_6);
    /// `braces` with a server that takes one message on a connection, and does not reply to Finished
    /// (`docs/protocol.md#earlier-servers`).
    pub const BRACES_7: Self = Self(&wire::BRACES_7);

    /// All dialects of this crate that both sides speak.
    pub const ALL: &[Self] = &[
        Self::BLOCK,
        Self::SESSION,
        Self::FIXED,
        Self::FRAMED,
        Self::BRACES,
        Self::SHORT,
        Self::COLUMNS,
        Self::LINE,
        Self::BARE,
        Self::ECHO,
    ];

    /// Dialects of this crate that a client alone speaks, to earlier servers. In the list of a server they are spoken by
    /// nobody: what a client sends in them is another dialect there.
    pub const EARLIER: &[Self] =
        &[Self::BLOCK_6, Self::BLOCK_7, Self::FIXED_6, Self::FRAMED_6, Self::BRACES_7];

    /// Dialects of this crate that carry bets, in both roles.
    pub const WITH_BETS: &[Self] = &[
        Self::BLOCK,
        Self::SESSION,
        Self::FIXED,
        Self::FRAMED,
        Self::BRACES,
        Self::SHORT,
        Self::COLUMNS,
        Self::LINE,
        Self::BARE,
    ];

    /// Dialects of this crate in which an agency finishes and gets its winners, in both roles.
    pub const WITH_WINNERS: &[Self] = &[Self::BLOCK, Self::SESSION, Self::FIXED, Self::FRAMED, Self::BRACES];

    /// Returns the dialect with this description.
    #[cfg(any(test, feature = "custom-dialects"))]
    pub const fn new(wire: &'static Wire) -> Self {
        Self(wire)
    }

    /// Returns the name, in lower case.
    pub const fn name(self) -> &'static str {
        self.0.name
    }

    /// Returns the behavior of a client in this dialect.
    pub const fn profile(self) -> DialectProfile {
        self.0.profile
    }

    /// Returns the dialect in which the same messages are sent outside of sessions: itself, if it has none.
    #[must_use]
    pub fn without_sessions(self) -> Self {
        self.counterpart().filter(|_| self.0.profile.has_sessions).unwrap_or(self)
    }

    /// Returns the dialect in which the same messages are sent in sessions, if this one has none, or outside of
    /// sessions, if it has them; `None` if there is no such dialect.
    pub fn counterpart(self) -> Option<Self> {
        self.0.counterpart.map(|counterpart| counterpart())
    }

    /// Returns the dialect of a server that answers Finished by `OK` in `fixed`, where it answers by `O` otherwise
    /// (`docs/protocol.md#fixed`). Every other dialect stays as it is.
    #[must_use]
    pub fn answering_ok(self) -> Self {
        if self == Self::FIXED { Self(&wire::FIXED_OK) } else { self }
    }

    /// Returns the length of the longest reply that an agency with this many bets can need, in bytes: the list if all
    /// of them have won, with the longest documents; or, with few bets, a failure of up to 8192 bytes.
    ///
    /// In `block` and `session` it is a block: a longer list continues in further ones. In `echo` it is a line behind a
    /// prefix of the same length.
    pub const fn longest_answer(self, bets: usize) -> usize {
        let longest = self.0.listed_document.saturating_mul(bets).saturating_add(self.0.empty_list);
        if longest > wire::block::BLOCK_SIZE { longest } else { wire::block::BLOCK_SIZE }
    }

    /// Returns the greatest agency number that this dialect can carry.
    pub const fn max_agency(self) -> u32 {
        self.0.max_agency
    }

    /// Checks that this dialect can carry the bet unchanged.
    ///
    /// # Errors
    /// The field that it cannot carry, and the problem: a separator in a name, or a value wider than its column.
    pub fn check_sendable(self, bet: &Bet<'_>) -> Result<(), FieldError> {
        self.client().check_sendable(bet)
    }

    /// Returns the first of `bets` that this dialect cannot carry unchanged, by its index from 0, and the error of
    /// [`Dialect::check_sendable`].
    pub fn first_unsendable(self, bets: BetSlice<'_>) -> Option<(usize, FieldError)> {
        self.client().first_unsendable(bets)
    }

    /// Returns the server's side.
    pub(crate) const fn server(self) -> &'static dyn ServerCodec {
        self.0.server
    }

    /// Returns the client's side.
    pub(crate) const fn client(self) -> &'static dyn ClientCodec {
        self.0.client
    }
}

impl PartialEq for Dialect {
    fn eq(&self, other: &Self) -> bool {
        self.0.name == other.0.name
    }
}

impl Eq for Dialect {}

impl PartialOrd for Dialect {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Dialect {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.name.cmp(other.0.name)
    }
}

impl Hash for Dialect {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.name.hash(state);
    }
}

impl fmt::Debug for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.name)
    }
}

/// Error for a name that no dialect of this crate has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected block, session, fixed, framed, braces, short, columns, line, bare, echo, \
     block-6, block-7, fixed-6, framed-6 or braces-7"
)]
#[non_exhaustive]
pub struct UnknownDialect;

/// Parses the name of a dialect of this crate, in lower case.
impl FromStr for Dialect {
    type Err = UnknownDialect;

    fn from_str(name: &str) -> Result<Self, UnknownDialect> {
        let known = Self::ALL.iter().chain(Self::EARLIER);
        known.copied().find(|dialect| dialect.name() == name).ok_or(UnknownDialect)
    }
}

impl fmt::Display for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// Protocol that is no dialect, but is recognized by its first line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Foreign {
    /// Request of HTTP.
    Http,
    /// Hello of a TLS client.
    Tls,
}

impl fmt::Display for Foreign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Http => "HTTP",
            Self::Tls => "TLS",
        })
    }
}
