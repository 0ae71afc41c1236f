//! Search for each of the planted mistakes.

use std::fmt::Write as _;

use crate::mistakes::Mistake;
use crate::run_with;

/// Number of seeds after which a mistake counts as not found.
const MOST_SEEDS: u64 = 5000;

/// Plants each mistake and runs seeds until one fails. Returns a table of the failures, and true if all
/// mistakes were found.
pub fn table() -> (String, bool) {
    let mut table = format!("{:<26} {:>6}  what found it\n", "mistake", "seeds");
    let mut all = true;
    for mistake in Mistake::ALL {
        let run = |seed| run_with(seed, Some(*mistake), false);
        let found = (0..MOST_SEEDS).find_map(|seed| Some((seed, run(seed).failure?)));
        all &= found.is_some();
        let (seeds, what) = found.map_or((MOST_SEEDS, "nothing".to_owned()), |(seed, what)| (seed + 1, what));
        let name = format!("{mistake:?}");
        let what = what.lines().next().unwrap_or_default();
        let _ = writeln!(table, "{name:<26} {seeds:>6}  {what}");
    }
    (table, all)
}
