//! Tests that every backup written can be read, and that every change of it is found.

use lottery_core::store::{MemoryStore, Store, rows};
use proptest::prelude::*;

use super::*;
use crate::transfer::restore;

/// Owned form of a part.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Kept {
    Rules(Rules),
    Agency(u32, AgencyRecord),
    Draw(u32, u32),
    Rows(String),
}

fn keep(part: Part<'_>) -> Kept {
    match part {
        Part::Rules(rules) => Kept::Rules(rules),
        Part::Agency(agency, record) => Kept::Agency(agency, record),
        Part::Draw { winning_number, agencies } => Kept::Draw(winning_number, agencies),
        Part::Rows(rows) => Kept::Rows(rows.to_owned()),
    }
}

fn written(parts: &[Kept]) -> Vec<u8> {
    let mut writer = BackupWriter::new(Vec::new()).unwrap();
    for part in parts {
        let part = match part {
            Kept::Rules(rules) => Part::Rules(*rules),
            Kept::Agency(agency, record) => Part::Agency(*agency, *record),
            Kept::Draw(winning_number, agencies) => {
                Part::Draw { winning_number: *winning_number, agencies: *agencies }
            }
            Kept::Rows(rows) => Part::Rows(rows),
        };
        writer.put(part).unwrap();
    }
    writer.end().unwrap()
}

fn read(backup: &[u8]) -> Result<Vec<Kept>, String> {
    let mut parts = Vec::new();
    let read = read_backup("b", backup, &mut |part| {
        parts.push(keep(part));
        Ok(())
    });
    read.map(|()| parts).map_err(|error| error.to_string())
}

/// Returns parts in which the second of three agencies is not finished, and the third has no bets.
fn parts() -> Vec<Kept> {
    let row = |agency, document: u32, number| {
        let mut text = String::new();
        rows::push_row(
            &mut text,
            agency,
            "José \"Pe\"",
            "Paz, Ruiz",
            &document.to_string(),
            "1980-01-01",
            number,
        );
        text
    };
    let digest = |rows: &[(u32, u32)]| {
        let mut text = Vec::new();
        for (document, number) in rows {
            let fields = ["José \"Pe\"", "Paz, Ruiz", &document.to_string(), "1980-01-01"];
            lottery_core::digest::push_fields(&mut text, fields, *number);
        }
        crc32c::crc32c(&text)
    };
    let agency = |number, rows: &[(u32, u32)], finished| {
        Kept::Agency(number, AgencyRecord { stored: rows.len() as u64, digest: digest(rows), finished })
    };
    vec![
        Kept::Rules(Rules { agencies: 3, winning_number: 7 }),
        agency(1, &[(1, 7), (2, 8), (4, 7)], true),
        agency(2, &[(3, 7)], false),
        agency(3, &[], true),
        Kept::Draw(7, 3),
        Kept::Rows(row(1, 1, 7) + &row(1, 2, 8) + &row(2, 3, 7)),
        Kept::Rows(row(1, 4, 7)),
    ]
}

#[test]
fn a_written_backup_is_read_again() {
    assert_eq!(read(&written(&parts())).unwrap(), parts());
    assert_eq!(read(&written(&[])).unwrap(), []);
    assert_eq!(written(&[]), b"lottery-backup 1\nend 0 0 91075251\n");
}

#[test]
fn a_backup_that_was_cut_or_changed_anywhere_is_rejected() {
    let backup = written(&parts());
    for end in 0..backup.len() {
        let error = read(&backup[..end]).unwrap_err();
        assert!(error == "b: it ends too early: cut off, or not written to its end", "{end}: {error}");
    }
    for at in 0..backup.len() {
        for bit in 0..8 {
            let mut changed = backup.clone();
            changed[at] ^= 1 << bit;
            read(&changed).unwrap_err();
        }
    }
    assert_eq!(read(&[&backup[..], b"x"].concat()).unwrap_err(), "b: it goes on behind its end");
    let other = "b: no backup of a lottery, or of a later version: expected \"lottery-backup 1\"";
    assert_eq!(read(b"SQLite format 3\0").unwrap_err(), other);
    assert_eq!(read(b"lottery-backup 2\n").unwrap_err(), other);
    assert_eq!(
        read(b"lottery-backup 1\nrows 999999999999\n").unwrap_err(),
        "b: line 2: expected rules, agency, draw, rows or end"
    );
    assert_eq!(read(b"error no luck\n").unwrap_err(), "the server says: no luck");
    assert_eq!(read(b"error no \x1b[2Jl\0uck\n").unwrap_err(), "the server says: no \u{fffd}[2Jl\u{fffd}uck");
}

#[test]
fn a_store_is_filled_with_all_that_a_backup_holds() {
    let mut store = MemoryStore::new();
    restore("b", &written(&parts())[..], &mut store).unwrap();
    let mut text = String::new();
    store.read(&mut |rows| text.push_str(rows)).unwrap();
    let (mut expected, mut agencies) = (String::new(), Vec::new());
    for part in parts() {
        match part {
            Kept::Rows(rows) => expected += &rows,
            Kept::Agency(agency, record) => agencies.push((agency, record)),
            Kept::Rules(_) | Kept::Draw(..) => {}
        }
    }
    assert_eq!(text, expected);
    let saved = store.load().unwrap();
    assert_eq!(saved.agencies.into_iter().collect::<Vec<_>>(), agencies);
    assert_eq!(saved.rules, Some(Rules { agencies: 3, winning_number: 7 }));
    let draw = saved.draw.unwrap();
    assert_eq!((draw.winning_number, draw.agencies, draw.winners.len()), (7, 3, 2));
    for (agency, documents) in [(1, &["1", "4"][..]), (2, &["3"])] {
        let list = draw.winners[&agency];
        assert_eq!((list.size.documents, list.pieces), (documents.len() as u64, 1));
        assert!(store.winners(agency, 0).unwrap().iter().eq(documents.iter().copied()));
    }
}

#[test]
fn a_backup_whose_bets_are_not_those_of_its_agencies_is_rejected() {
    for (without, says) in [(6, "agency 1 has 2 bets, expected 3"), (2, "agency 2 has 1 bets, expected 0")] {
        let mut parts = parts();
        parts.remove(without);
        let error = restore("b", &written(&parts)[..], &mut MemoryStore::new()).unwrap_err();
        assert_eq!(error.to_string(), format!("b: it does not hold the bets that it says it does: {says}"));
    }
}

proptest! {
    #[test]
    fn any_other_text_is_rejected_as_a_backup(text in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(read(&text).is_err());
        prop_assert!(read(&[HEAD.as_bytes(), &text].concat()).is_err());
    }
}
