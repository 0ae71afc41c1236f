//! Search for each of the planted mistakes.

use lottery_testkit::table;

use crate::mistakes::Mistake;
use crate::run_with;

/// Number of seeds after which a mistake counts as not found.
const MAX_SEEDS: u64 = 5000;

/// Plants each mistake and runs seeds until one fails. Returns a table of the failures, and true if all
/// mistakes were found.
pub fn search() -> (String, bool) {
    let mut all = true;
    let row = |mistake: &Mistake| {
        let run = |seed| run_with(seed, Some(*mistake), false);
        let found = (0..MAX_SEEDS).find_map(|seed| Some((seed, run(seed).failure?)));
        all &= found.is_some();
        let (seeds, what) = found.map_or((MAX_SEEDS, "nothing".to_owned()), |(seed, what)| (seed + 1, what));
        let what = what.lines().next().unwrap_or_default();
        [format!("{mistake:?}"), seeds.to_string(), what.to_owned()]
    };
    let table = table(["mistake", ">seeds", "found by"], Mistake::ALL.iter().map(row));
    (table, all)
}
