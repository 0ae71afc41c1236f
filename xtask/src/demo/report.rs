//! Table of the results.

use std::time::Duration;

use lottery_testkit::table;

use super::lottery::Results;

/// Largest number of documents that are listed; more are counted.
const MOST_DOCUMENTS: usize = 5;

/// Returns the table of each agency's results and of the totals. A time goes from the start until the last
/// bet was stored.
pub(super) fn table_of(results: &Results) -> String {
    let agencies = (1..=u8::MAX)
        .zip(&results.agencies)
        .map(|(id, agency)| row(&format!("{id}"), agency.bets, documents(&agency.winners), agency.time));
    let bets = results.agencies.iter().map(|agency| agency.bets).sum();
    let winners: usize = results.agencies.iter().map(|agency| agency.winners.len()).sum();
    let all = row("all", bets, format!("{winners} in all"), results.time);
    table([">agency", ">bets", "winners", ">seconds", ">bets/s"], agencies.chain([all]))
}

fn row(agency: &str, bets: u64, winners: String, time: Duration) -> [String; 5] {
    #[expect(clippy::cast_precision_loss, reason = "to be shown in whole bets")]
    let speed = bets as f64 / time.as_secs_f64().max(f64::MIN_POSITIVE);
    let seconds = format!("{:.3}", time.as_secs_f64());
    [agency.to_owned(), bets.to_string(), winners, seconds, format!("{speed:.0}")]
}

fn documents(winners: &[String]) -> String {
    match winners.get(..MOST_DOCUMENTS) {
        Some(first) if winners.len() > MOST_DOCUMENTS => {
            format!("{} and {} more", first.join(" "), winners.len() - MOST_DOCUMENTS)
        }
        _ => winners.join(" "),
    }
}

#[cfg(test)]
mod tests {
    use super::super::chaos::Killed;
    use super::super::lottery::AgencyResult;
    use super::*;

    #[test]
    fn the_table_has_each_agency_and_their_total() {
        let agency = |bets, winners: usize, millis| AgencyResult {
            bets,
            winners: (0..winners).map(|n| format!("{n}")).collect(),
            time: Duration::from_millis(millis),
        };
        let agencies = vec![agency(1000, 2, 500), agency(30, 7, 100), agency(0, 0, 0)];
        let shown =
            table_of(&Results { agencies, time: Duration::from_millis(600), killed: Killed::default() });
        let expected = "\
┌────────┬──────┬──────────────────────┬─────────┬────────┐
│ agency ┆ bets ┆ winners              ┆ seconds ┆ bets/s │
╞════════╪══════╪══════════════════════╪═════════╪════════╡
│      1 ┆ 1000 ┆ 0 1                  ┆   0.500 ┆   2000 │
│      2 ┆   30 ┆ 0 1 2 3 4 and 2 more ┆   0.100 ┆    300 │
│      3 ┆    0 ┆                      ┆   0.000 ┆      0 │
│    all ┆ 1030 ┆ 9 in all             ┆   0.600 ┆   1717 │
└────────┴──────┴──────────────────────┴─────────┴────────┘
";
        assert_eq!(shown, expected);
    }
}
