//! Generator of the five agencies' bets: people, documents, birth dates and numbers.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use lottery_testkit::Rng;

use super::names::{COMPOUND, MEN, SURNAMES, WOMEN};

/// Number that wins the draw. No bet holds it by chance: each agency has as many as its plan says.
pub(crate) const WINNING_NUMBER: u32 = 7574;

/// Number of bets of an agency, and among them the number of bets on the winning number and on 0.
struct Plan {
    bets: u32,
    winners: u32,
    zeros: u32,
}

const PLANS: [Plan; 5] = [
    Plan { bets: 26_936, winners: 2, zeros: 2 },
    Plan { bets: 25_518, winners: 3, zeros: 5 },
    Plan { bets: 16_014, winners: 2, zeros: 3 },
    Plan { bets: 9_238, winners: 2, zeros: 2 },
    Plan { bets: 991, winners: 1, zeros: 0 },
];

/// Number of agencies.
pub(super) const AGENCIES: usize = PLANS.len();

/// Returns the name of an agency's file.
pub(super) fn file_name(id: usize) -> String {
    format!("agency-{id}.csv")
}

/// Agency and its bets, in the order of its file.
pub(super) struct Agency {
    pub(super) id: usize,
    pub(super) bets: Vec<Bet>,
}

impl Agency {
    pub(super) fn file_name(&self) -> String {
        file_name(self.id)
    }

    /// Returns the whole file: a bet per line, CRLF, no header, no quotes.
    pub(super) fn csv(&self) -> String {
        self.bets.iter().flat_map(|bet| [bet.to_string(), "\r\n".to_owned()]).collect()
    }

    /// Returns the documents of the winning bets, in the order of the file.
    pub(super) fn winners(&self) -> Vec<String> {
        let winning = self.bets.iter().filter(|bet| bet.number == WINNING_NUMBER);
        winning.map(|bet| bet.document.to_string()).collect()
    }
}

/// Invented bet. It is displayed as its line of the file, without the line end.
pub(super) struct Bet {
    first_name: String,
    last_name: &'static str,
    document: u32,
    birthdate: Date,
    number: u32,
}

impl fmt::Display for Bet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { first_name, last_name, document, birthdate, number } = self;
        write!(f, "{first_name},{last_name},{document},{birthdate},{number}")
    }
}

struct Date {
    year: u32,
    month: u32,
    day: u32,
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

/// Generates the five agencies of this seed.
pub(super) fn agencies(seed: u64) -> Vec<Agency> {
    let mut rng = Rng::new(seed);
    let mut documents = BTreeSet::new(); // one bet per person in all agencies
    (1..).zip(&PLANS).map(|(id, plan)| Agency { id, bets: bets(&mut rng, plan, &mut documents) }).collect()
}

fn bets(rng: &mut Rng, plan: &Plan, documents: &mut BTreeSet<u32>) -> Vec<Bet> {
    let mut fixed = BTreeMap::new();
    spread(rng, plan.bets, plan.winners, WINNING_NUMBER, &mut fixed);
    spread(rng, plan.bets, plan.zeros, 0, &mut fixed);
    (0..plan.bets)
        .map(|place| Bet {
            first_name: first_name(rng),
            last_name: rng.pick::<&str>(SURNAMES),
            document: document(rng, documents),
            birthdate: birthdate(rng),
            number: fixed.get(&place).copied().unwrap_or_else(|| other_number(rng)),
        })
        .collect()
}

/// Fixes `number` for `count` places of `bets`, one in each of `count` equal parts of the file.
fn spread(rng: &mut Rng, bets: u32, count: u32, number: u32, fixed: &mut BTreeMap<u32, u32>) {
    for part in 0..count {
        let (first, end) = (bets * part / count, bets * (part + 1) / count);
        let mut place = between(rng, first, end - 1);
        while fixed.contains_key(&place) {
            place = between(rng, first, end - 1);
        }
        fixed.insert(place, number);
    }
}

/// Returns a number from `first` to `last`, both included.
fn between(rng: &mut Rng, first: u32, last: u32) -> u32 {
    u32::try_from(rng.between(first.into(), last.into())).expect("a number between two of its type")
}

/// Picks two given names most often, one name often, and seldom a compound such as "María del Carmen".
fn first_name(rng: &mut Rng) -> String {
    let names = if rng.below(2) == 0 { WOMEN } else { MEN };
    match rng.below(1000) {
        0..5 => (*rng.pick(COMPOUND)).to_owned(),
        5..290 => (*rng.pick(names)).to_owned(),
        _ => {
            let first = *rng.pick(names);
            let mut second = *rng.pick(names);
            while second == first {
                second = *rng.pick(names);
            }
            format!("{first} {second}")
        }
    }
}

/// Picks a document of eight digits that no other bet has.
fn document(rng: &mut Rng, taken: &mut BTreeSet<u32>) -> u32 {
    loop {
        let document = between(rng, 20_000_000, 39_999_999);
        if taken.insert(document) {
            return document;
        }
    }
}

/// Picks any day from 1930 to 2006. Days that do not exist are drawn again, so that all others are equally
/// likely.
fn birthdate(rng: &mut Rng) -> Date {
    loop {
        let date =
            Date { year: between(rng, 1930, 2006), month: between(rng, 1, 12), day: between(rng, 1, 31) };
        if date.day <= days_in_month(&date) {
            return date;
        }
    }
}

fn days_in_month(date: &Date) -> u32 {
    match date.month {
        2 if date.year.is_multiple_of(4) => 29, // valid from 1901 to 2099
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Picks a number from 1 to 9999 that does not win. The plan places 0 and the winning number.
fn other_number(rng: &mut Rng) -> u32 {
    loop {
        let number = between(rng, 1, 9999);
        if number != WINNING_NUMBER {
            return number;
        }
    }
}
