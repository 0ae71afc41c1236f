//! Agency files, and the results that must come of them: the oracle. Nothing here is shared with the code
//! under test.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use lottery_core::agency_file::AgencyFile;

use lottery_testkit::Rng;

/// Winning number of every lottery.
pub const WINNING: u32 = 7574;

const FIRST: [&str; 10] =
    ["Ana", "Ñandú Ágata", "José María", "Iñaki", "Zoë", "Łucja", "Ümit", "美咲", "Tomás", "Eva"];
const LAST: [&str; 9] =
    ["Paz", "Müller", "de la Cruz", "Güemes", "Solís", "O'Higgins", "Núñez-Peña", "Þórsdóttir", "Ríos"];

/// Agency file: `first_name,last_name,document,birthdate,number`, one bet a line.
#[derive(Clone, Debug)]
pub struct File {
    /// Agency that owns the bets.
    pub agency: u32,
    /// Text of the file.
    pub text: String,
}

impl File {
    /// Returns invented bets that every dialect can carry: the same for the same agency and number of bets.
    /// About one in 30 wins.
    pub fn invented(agency: u32, bets: u32) -> Self {
        let mut rng = Rng::new(u64::from(agency) << 32 | u64::from(bets));
        let line = |index| {
            let (first, last) = (rng.pick(&FIRST), rng.pick(&LAST));
            let document = 10_000_000 + agency % 90 * 1_000_000 + index;
            let (year, month, day) = (1930 + rng.index(75), 1 + rng.index(12), 1 + rng.index(28));
            let number = if rng.index(30) == 0 { WINNING as usize } else { rng.index(10_000) };
            format!("{first},{last},{document},{year}-{month:02}-{day:02},{number}\r\n")
        };
        Self { agency, text: (0..bets).map(line).collect() }
    }

    /// Returns bets that all win.
    pub fn winning(agency: u32, bets: u32) -> Self {
        let line = |index| format!("Ana,Paz,{},1980-01-01,{WINNING}\n", 20_000_000 + index);
        Self { agency, text: (0..bets).map(line).collect() }
    }

    /// Returns the file as an agency holds it.
    pub fn bets(&self) -> Arc<AgencyFile> {
        let path = format!("agency-{}.csv", self.agency);
        Arc::new(AgencyFile::parse(Path::new(&path), self.text.as_bytes()).expect("the file is sound"))
    }

    /// Returns the fields of each line.
    pub fn lines(&self) -> Vec<[&str; 5]> {
        self.text
            .lines()
            .map(|line| {
                let fields: Vec<&str> = line.split(',').collect();
                fields.try_into().expect("five fields, none of them quoted")
            })
            .collect()
    }

    /// Returns the documents of the winning bets, in order.
    pub fn winners(&self) -> Vec<String> {
        let wins = |fields: &&[&str; 5]| fields[4].parse() == Ok(WINNING);
        self.lines().iter().filter(wins).map(|fields| fields[2].to_owned()).collect()
    }
}

/// Returns the rows that a store must hold for these files: the lines of each agency, in order.
pub fn stored(files: &[File]) -> BTreeMap<u32, Vec<String>> {
    let of = |file: &File| file.lines().iter().map(|fields| fields.join(",")).collect();
    files.iter().map(|file| (file.agency, of(file))).collect()
}
