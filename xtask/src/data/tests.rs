//! Checks of the generated files from their bytes alone, without the generator's code.

use std::collections::BTreeSet;
use std::fs;

use super::{DEFAULT_SEED, default_dir, generate, table};

const BETS: [usize; 5] = [26_936, 25_518, 16_014, 9_238, 991];
const WINNERS: [usize; 5] = [2, 3, 2, 2, 1];

struct Row<'a> {
    first_name: &'a str,
    last_name: &'a str,
    document: &'a str,
    birthdate: &'a str,
    number: &'a str,
}

/// Splits a file into rows. Panics unless every line, the last one included, ends with CRLF and has five
/// fields.
fn rows(csv: &str) -> Vec<Row<'_>> {
    let body = csv.strip_suffix("\r\n").expect("the last line ends too");
    body.split("\r\n")
        .map(|line| {
            assert!(!line.contains(['\r', '\n', '"']), "{line:?}");
            let fields: Vec<&str> = line.split(',').collect();
            let [first_name, last_name, document, birthdate, number] = fields[..] else {
                panic!("not five fields: {line:?}");
            };
            Row { first_name, last_name, document, birthdate, number }
        })
        .collect()
}

fn committed() -> Vec<String> {
    let read = |id| {
        fs::read_to_string(default_dir().join(format!("agency-{id}.csv"))).expect("a committed file in UTF-8")
    };
    (1..=5).map(read).collect()
}

fn generated(seed: u64) -> Vec<String> {
    generate::agencies(seed).iter().map(generate::Agency::csv).collect()
}

/// Returns the percentage of matching rows, rounded down.
fn percent(rows: &[Row<'_>], is: impl Fn(&Row<'_>) -> bool) -> usize {
    rows.iter().filter(|row| is(row)).count() * 100 / rows.len()
}

fn assert_name(name: &str) {
    assert!((3..=30).contains(&name.chars().count()), "{name:?}");
    assert!(name.split(' ').all(|word| word.chars().count() >= 2), "{name:?}");
    assert!(name.chars().all(|c| c == ' ' || c.is_alphabetic()), "{name:?}");
    assert!(name.starts_with(char::is_uppercase), "{name:?}");
}

fn assert_birthdate(date: &str) {
    let parts: Vec<&str> = date.split('-').collect();
    assert_eq!(parts.iter().map(|part| part.len()).collect::<Vec<_>>(), [4, 2, 2], "{date:?}");
    let [year, month, day] = [0, 1, 2].map(|i| parts[i].parse::<usize>().expect("digits"));
    let leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    let days = [31, if leap { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    assert!((1930..=2006).contains(&year) && (1..=12).contains(&month), "{date:?}");
    assert!((1..=days[month - 1]).contains(&day), "{date:?}");
}

fn assert_decimal(digits: &str, first: u32, last: u32) {
    let value: u32 = digits.parse().expect("digits");
    assert_eq!(value.to_string(), digits, "no sign and no leading zero");
    assert!((first..=last).contains(&value), "{digits:?}");
}

fn assert_valid(files: &[String]) {
    let mut documents = BTreeSet::new();
    for (file, (bets, winners)) in files.iter().zip(BETS.into_iter().zip(WINNERS)) {
        let rows = rows(file);
        assert_eq!(rows.len(), bets);
        assert_eq!(rows.iter().filter(|row| row.number == "7574").count(), winners);
        for row in &rows {
            assert_name(row.first_name);
            assert_name(row.last_name);
            assert_decimal(row.document, 20_000_000, 39_999_999);
            assert!(documents.insert(row.document), "document {} twice", row.document);
            assert_birthdate(row.birthdate);
            assert_decimal(row.number, 0, 9999);
        }
    }
    assert_eq!(documents.len(), 78_697);
}

#[test]
fn default_seed_gives_the_committed_files() {
    for (id, (generated, committed)) in (1..).zip(generated(DEFAULT_SEED).iter().zip(committed())) {
        assert!(
            *generated == committed,
            "agency-{id}.csv differs from what the default seed gives: run cargo xtask data"
        );
    }
}

#[test]
fn every_committed_bet_is_valid() {
    assert_valid(&committed());
}

#[test]
fn another_seed_gives_other_valid_bets() {
    let files = generated(1);
    assert_valid(&files);
    for (other, committed) in files.iter().zip(committed()) {
        assert!(*other != committed);
    }
}

#[test]
fn committed_bets_look_like_real_ones() {
    let files = committed();
    let all: Vec<Row<'_>> = files.iter().flat_map(|file| rows(file)).collect();
    let not_ascii = |row: &Row<'_>| !row.first_name.is_ascii() || !row.last_name.is_ascii();
    assert!((27..=31).contains(&percent(&all, not_ascii)));
    assert!((68..=74).contains(&percent(&all, |row| row.first_name.split(' ').count() == 2)));
    assert!((26..=31).contains(&percent(&all, |row| !row.first_name.contains(' '))));
    assert_eq!(percent(&all, |row| row.number.len() == 4), 89);
    assert_eq!(all.iter().filter(|row| row.number == "0").count(), 12);
    assert!(all.iter().any(|row| row.birthdate.ends_with("-02-29")));
    let size: usize = files.iter().map(String::len).sum();
    assert!((3_291_327..=4_022_731).contains(&size), "{size} bytes");
}

/// Divides each file into as many parts as it has winners: each part has one.
#[test]
fn winners_are_spread_over_each_file() {
    for (file, winners) in committed().iter().zip(WINNERS) {
        let rows = rows(file);
        let part_of = |place: usize| (0..winners).rfind(|part| place >= rows.len() * part / winners);
        let parts = (0..rows.len()).filter(|&place| rows[place].number == "7574").filter_map(part_of);
        assert_eq!(parts.collect::<Vec<_>>(), (0..winners).collect::<Vec<_>>());
    }
}

#[test]
fn readme_holds_the_table_of_the_committed_files() {
    let readme = fs::read_to_string(default_dir().join("README.md")).expect("a committed file");
    assert!(readme.contains(&table(&generate::agencies(DEFAULT_SEED))));
}
