//! Tables in `lottery.redb`.
//!
//! | table | key | value |
//! | --- | --- | --- |
//! | `batches` | sequence number from 0 | the rows of one or more batches, as CSV text |
//! | `agencies` | agency | bets stored, their digest (`docs/protocol.md#digest`), finished |
//! | `rules` | none | agencies that take part, winning number |
//! | `draw` | none | winning number, agencies that took part |
//! | `lists` | agency | number of its winners, bytes of their documents, of the longest, pieces |
//! | `pieces` | agency, number from 0 | documents, each with a line feed behind it |
//! | `meta` | name | `format`: [`FORMAT`]; `groups`: number of groups; `rows_len`: length of all rows, so of `bets.csv` |

use redb::TableDefinition;

/// Version of this layout. [`migrate`](super::migrate) reads those before.
pub(super) const FORMAT: u64 = 3;

pub(super) const BATCHES: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("batches");
pub(super) const AGENCIES: TableDefinition<'_, u32, (u64, u32, bool)> = TableDefinition::new("agencies");
pub(super) const DRAW: TableDefinition<'_, (), (u32, u32)> = TableDefinition::new("draw");
pub(super) const RULES: TableDefinition<'_, (), (u32, u32)> = TableDefinition::new("rules");
pub(super) const LISTS: TableDefinition<'_, u32, (u64, u64, u64, u64)> = TableDefinition::new("lists");
pub(super) const PIECES: TableDefinition<'_, (u32, u64), &str> = TableDefinition::new("pieces");
pub(super) const META: TableDefinition<'_, &str, u64> = TableDefinition::new("meta");
