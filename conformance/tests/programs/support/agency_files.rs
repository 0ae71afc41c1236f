//! Agency files, and the rows that a server must store of them.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use lottery_core::store::Store as _;
use lottery_store::LogStore;

/// Agency file.
pub(crate) struct Bets {
    pub(crate) agency: u32,
    pub(crate) path: PathBuf,
    /// Rows that `bets.csv` must have of it.
    pub(crate) rows: Vec<String>,
    pub(crate) winners: Vec<String>,
}

impl Bets {
    /// Writes a file with `count` bets, of which every seventh wins.
    pub(crate) fn make(dir: &Path, agency: u32, count: u32) -> Self {
        let (mut text, mut rows, mut winners) = (String::new(), Vec::new(), Vec::new());
        for nth in 0..count {
            let document = format!("{}", agency * 10_000_000 + nth);
            let number = if nth % 7 == 3 { 7574 } else { nth + 10_000 };
            let row = format!("José {nth},Paz Ñandú,{document},1980-01-31,{number}");
            write!(text, "{row}\r\n").unwrap();
            rows.push(format!("{agency},{row}"));
            if number == 7574 {
                winners.push(document);
            }
        }
        let path = dir.join(format!("agency-{agency}.csv"));
        fs::write(&path, text).unwrap();
        Self { agency, path, rows, winners }
    }

    /// Returns the path to which the client writes the winners.
    pub(crate) fn winners_path(&self) -> PathBuf {
        self.path.with_extension("winners")
    }

    /// Checks that the client wrote the right winners.
    pub(crate) fn check_winners(&self) {
        let expected: String = self.winners.iter().flat_map(|document| [document, "\n"]).collect();
        assert_eq!(fs::read_to_string(self.winners_path()).unwrap(), expected, "agency {}", self.agency);
    }
}

/// Checks the data of a server that is over: whole rows, the same in the store and in `bets.csv`. Returns the
/// number of rows of each agency, which are the first of its own, once and in order.
pub(crate) fn stored(data: &Path, agencies: &[Bets]) -> Vec<usize> {
    let text = fs::read_to_string(data.join("bets.csv")).unwrap();
    let mut in_store = String::new();
    LogStore::open(data).unwrap().read(&mut |rows| in_store.push_str(rows)).unwrap();
    assert!(text == in_store, "bets.csv is not what is stored");
    assert!(text.is_empty() || text.ends_with("\r\n"), "a torn row");
    let mut counts = vec![0; agencies.len()];
    for row in text.split_terminator("\r\n") {
        let agency: usize = row.split(',').next().unwrap().parse().unwrap();
        let count = &mut counts[agency - 1];
        assert_eq!(Some(row), agencies[agency - 1].rows.get(*count).map(String::as_str), "agency {agency}");
        *count += 1;
    }
    counts
}
