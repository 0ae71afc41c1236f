//! `count`: how many bets are stored. It reads `bets.csv`: a centre that runs has the database to itself.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;
use std::process::ExitCode;

use super::fail;
use super::transfer::print;

/// Prints how many bets `bets.csv` in `data_dir` holds: a line for each agency, then one for all.
pub(super) fn count(data_dir: &Path) -> ExitCode {
    let path = data_dir.join("bets.csv");
    let counted = File::open(&path).and_then(|file| rows(BufReader::new(file)));
    let bets = match counted {
        Ok(bets) => bets,
        Err(error) => return fail(1, &format!("{}: {error}", path.display())),
    };
    print(&report(bets))
}

/// How many rows each agency has. No field holds a line end, so rows are lines. The last one counts when it is whole.
fn rows(mut file: impl BufRead) -> io::Result<BTreeMap<u32, u64>> {
    let (mut bets, mut line, mut number) = (BTreeMap::new(), Vec::new(), 0_u64);
    loop {
        line.clear();
        file.read_until(b'\n', &mut line)?;
        if !line.ends_with(b"\r\n") {
            return Ok(bets);
        }
        number += 1;
        let agency = line.split(|byte| *byte == b',').next();
        let agency = agency.and_then(|text| str::from_utf8(text).ok()?.parse().ok());
        let Some(agency) = agency else {
            let problem = format!("line {number}: expected the number of an agency and a comma");
            return Err(io::Error::new(io::ErrorKind::InvalidData, problem));
        };
        *bets.entry(agency).or_default() += 1;
    }
}

/// A line for each agency that has bets, in this order, and one for all.
pub(super) fn report(bets: impl IntoIterator<Item = (u32, u64)>) -> String {
    let bets: Vec<_> = bets.into_iter().filter(|(_, bets)| *bets > 0).collect();
    let agencies = bets.iter().map(|(agency, bets)| format!("agency {agency}: {bets}\n"));
    let all = format!("all: {}\n", bets.iter().map(|(_, bets)| bets).sum::<u64>());
    agencies.chain([all]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(text: &str) -> Result<String, String> {
        rows(text.as_bytes()).map(report).map_err(|error| error.to_string())
    }

    #[test]
    fn counts_the_whole_rows_of_each_agency() {
        let row = |agency| format!("{agency},Ana,\"Paz, Ruiz\",1,2000-01-01,7574\r\n");
        let whole = [row(10), row(2), row(10)].concat();
        assert_eq!(counted(&whole).unwrap(), "agency 2: 1\nagency 10: 2\nall: 3\n");
        let torn = &row(3)[..8];
        for text in [format!("{whole}{torn}"), format!("{whole}3,Ana\r")] {
            assert_eq!(counted(&text), counted(&whole));
        }
        assert_eq!(counted("").unwrap(), "all: 0\n");
    }

    #[test]
    fn what_is_no_row_is_named_without_its_text() {
        let problem = "line 2: expected the number of an agency and a comma";
        assert_eq!(counted("1,a,b,3,2000-01-01,5\r\nAna,Paz\r\n").unwrap_err(), problem);
    }

    #[test]
    fn an_agency_that_is_no_text_is_no_row() {
        assert!(rows(&b"1,a\r\n\xff,b\r\n"[..]).unwrap_err().to_string().starts_with("line 2: "));
    }

    #[test]
    fn what_cannot_be_read_is_a_failure() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(count(dir.path()), ExitCode::FAILURE);
        std::fs::write(dir.path().join("bets.csv"), "1,Ana,Paz,20000001,1980-01-01,7574\r\n").unwrap();
        assert_eq!(count(dir.path()), ExitCode::SUCCESS);
    }
}
