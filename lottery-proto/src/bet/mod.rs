//! Bets: their fields and checks, and collections of them.

mod agency;
#[expect(clippy::module_inception, reason = "a bet is what the room is named for")]
mod bet;
mod bet_slice;
mod bet_vec;
mod bets;
mod date;
mod field;
mod line_text;
mod separators;
mod spans;
pub(crate) mod swar;
mod utf8;

pub use agency::{AgencyId, AgencyIdError};
pub use bet::{Bet, BetFields, MAX_DOCUMENT, MAX_NAME};
pub(crate) use bet_slice::BetLine;
pub use bet_slice::BetSlice;
pub use bet_vec::BetVec;
pub use bets::{Bets, Iter};
pub(crate) use date::date_faults;
pub use field::{Field, FieldError, FieldProblem};
pub use line_text::{LineOfBet, ShortLine};
pub use spans::Spans;
pub(crate) use spans::{Payload, Span};
pub(crate) use utf8::text_of;
