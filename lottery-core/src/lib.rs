//! The lottery: bets, agencies, the draw, the stores, and the two ends that a runtime drives.

pub mod store;
