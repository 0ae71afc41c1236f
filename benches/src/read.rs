//! Reading of agencies' files: ours, also with the encoding behind it, and the `csv` crate for every record.

use std::path::Path;
use std::sync::Arc;

use lottery_core::agency_file::AgencyFile;
use lottery_proto::{AgencyId, Bet, BetVec};

use crate::encode::file_of;
use crate::input::{Agency, add_to_sum, send_blocks};
use crate::record::fold;
use crate::work::Work;

/// Returns all kinds of reading, from the bytes of a file to valid bets in memory.
pub fn reading<'a>(agencies: &[Agency]) -> Vec<Work<'a>> {
    let files: Vec<Vec<u8>> =
        agencies.iter().map(|(_, list)| file_of(&list.bets_from(0).collect::<Vec<_>>())).collect();
    let quoted: Vec<Vec<u8>> = files.iter().map(|file| quoted(file)).collect();
    let (with_csv, sent, plain) = (files.clone(), files.clone(), files);
    let ids: Vec<AgencyId> = agencies.iter().map(|(id, _)| *id).collect();
    vec![
        Work::new("agency-file", move || read(&plain)),
        Work::new("agency-file-to-blocks", move || read_and_send(&ids, &sent)),
        Work::new("agency-file-quoted", move || read(&quoted)),
        Work::new("csv", move || read_with_csv(&with_csv)),
    ]
}

/// Returns the file with each first name in quotes.
fn quoted(file: &[u8]) -> Vec<u8> {
    let lines = str::from_utf8(file).expect("a text").lines();
    let quote = |line: &str| line.split_once(',').map(|(name, rest)| format!("\"{name}\",{rest}\r\n"));
    lines.filter_map(quote).collect::<String>().into_bytes()
}

/// Reads files as a client does.
fn read(files: &[Vec<u8>]) -> u64 {
    let list = |file: &Vec<u8>| AgencyFile::parse(Path::new("agency.csv"), file).expect("a valid file");
    files.iter().map(list).fold(0, |sum, list| last_of(sum, list.bets_from(list.len() - 1)))
}

/// Reads files and encodes their bets in blocks, as a client does: all that an agency has to do before it sends.
fn read_and_send(ids: &[AgencyId], files: &[Vec<u8>]) -> u64 {
    let mut sum = 0;
    for (id, file) in ids.iter().zip(files) {
        let list = AgencyFile::parse(Path::new("agency.csv"), file).expect("a valid file");
        send_blocks(&[(*id, Arc::new(list))], |block| sum = add_to_sum(sum, block));
    }
    sum
}

/// Reads files in the usual way, with every check that ours makes but of misplaced quotes.
fn read_with_csv(files: &[Vec<u8>]) -> u64 {
    let mut record = csv::StringRecord::new();
    let mut sum = 0;
    for file in files {
        let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(&file[..]);
        let (mut bets, mut lines) = (BetVec::with_capacity(file.len()), Vec::new());
        while reader.read_record(&mut record).expect("a row") {
            let bet = Bet::new([&record[0], &record[1], &record[2], &record[3], &record[4]]);
            bets.push(&bet.expect("a valid bet"));
            lines.push(record.position().map_or(0, csv::Position::line));
        }
        assert_eq!(lines.len(), bets.len());
        sum = last_of(sum, bets.iter_from(bets.len() - 1));
    }
    sum
}

/// Adds the number of bets and the last of them to a checksum: to visit all would be other work.
fn last_of<'a>(sum: u64, bets: impl Iterator<Item = Bet<'a>>) -> u64 {
    bets.fold(sum, |sum, bet| fold(sum, &bet))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::agencies;

    #[test]
    fn all_ways_read_the_same_bets() {
        let agencies = agencies();
        let (to_blocks, works): (Vec<_>, Vec<_>) =
            reading(&agencies).into_iter().partition(|work| work.name == "agency-file-to-blocks");
        let sums: Vec<u64> = works.into_iter().map(|mut work| (work.run)()).collect();
        assert!(sums.iter().all(|sum| *sum == sums[0]), "{sums:?}");
        let mut sent = 0;
        send_blocks(&agencies, |block| sent = add_to_sum(sent, block));
        for mut work in to_blocks {
            assert_eq!((work.run)(), sent);
        }
        let files = [b"Ana,Paz,1,1980-01-01,1\r\n".to_vec()];
        assert_eq!(quoted(&files[0]), b"\"Ana\",Paz,1,1980-01-01,1\r\n");
    }
}
