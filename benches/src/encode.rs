//! Encoding, from bets to bytes: the client's blocks and core's rows, and the alternatives.

use std::fmt::Write as _;
use std::io::Write as _;

use lottery_core::store::rows::push_bet;
use lottery_proto::Bet;
use lottery_proto::block::{BLOCK_SIZE, HEADER_SIZE};

use crate::input::{Agency, Blocks, add_to_sum, send_blocks, sum};
use crate::work::Work;

/// Packet types of a bet and of a batch (`docs/protocol.md#block`).
const BET: u8 = 1;
const BATCH: u8 = 3;

/// Returns all kinds of encoding. `blocks` are those of `agencies`.
pub fn encoding<'a>(agencies: &'a [Agency], blocks: &'a Blocks) -> Vec<Work<'a>> {
    let bets: Vec<(u32, Vec<Bet<'a>>)> =
        agencies.iter().map(|(id, list)| (id.get(), list.bets_from(0).collect())).collect();
    let files: Vec<(u8, Vec<u8>)> =
        bets.iter().map(|(id, bets)| (u8::try_from(*id).expect("few agencies"), file_of(bets))).collect();
    let (with_core, with_csv) = (bets.clone(), bets);
    let (mut out, mut copy, mut rows, mut other_rows) = (Vec::new(), Vec::new(), String::new(), Vec::new());
    vec![
        Work::new("block", || {
            let mut sum = 0;
            send_blocks(agencies, |block| sum = add_to_sum(sum, block));
            sum
        }),
        Work::new("block-csv-write", move || csv_to_blocks(&files, &mut out)),
        Work::new("memcpy", move || {
            copy.clear();
            blocks.blocks().for_each(|block| copy.extend_from_slice(block));
            sum(&copy)
        }),
        Work::new("rows", move || {
            rows.clear();
            for (agency, bets) in &with_core {
                for bet in bets {
                    push_bet(&mut rows, *agency, bet);
                }
            }
            sum(rows.as_bytes())
        }),
        Work::new("rows-csv", move || csv_rows(&with_csv, &mut other_rows)),
    ]
}

/// Returns the agency's file, as it is on disk.
pub(crate) fn file_of(bets: &[Bet<'_>]) -> Vec<u8> {
    let mut writer = csv::WriterBuilder::new()
        .has_headers(false)
        .terminator(csv::Terminator::CRLF)
        .from_writer(Vec::new());
    for bet in bets {
        let number = bet.number().to_string();
        let row = [bet.first_name(), bet.last_name(), bet.document(), bet.birthdate(), &number];
        writer.write_record(row).expect("memory to write to");
    }
    writer.into_inner().expect("memory to write to")
}

/// Encodes files of agencies in the usual way: the `csv` crate reads them, `write!` writes the packets into blocks.
/// Nothing is validated.
///
/// # Panics
/// If a file holds no bets that fit.
pub fn csv_to_blocks(files: &[(u8, Vec<u8>)], out: &mut Vec<u8>) -> u64 {
    out.clear();
    let mut record = csv::StringRecord::new();
    for (agency, file) in files {
        let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(&file[..]);
        let mut payload = String::new();
        let mut packet = vec![BATCH, *agency, 0, 0, 0];
        while reader.read_record(&mut record).expect("a row") {
            payload.clear();
            let row = [&record[0], &record[1], &record[2], &record[3]];
            let number: u32 = record[4].parse().expect("a number");
            write!(payload, "{}|{}|{}|{}|{number}", row[0], row[1], row[2], row[3]).expect("memory");
            if packet.len() + HEADER_SIZE + payload.len() > BLOCK_SIZE || packet[HEADER_SIZE] == u8::MAX {
                put_block(&mut packet, out);
                packet.clear();
                packet.extend([BATCH, *agency, 0, 0, 0]);
            }
            packet[HEADER_SIZE] += 1;
            let size = u16::try_from(HEADER_SIZE + payload.len()).expect("a short row").to_le_bytes();
            packet.write_all(&[BET, *agency, size[0], size[1]]).expect("memory to write to");
            packet.write_all(payload.as_bytes()).expect("memory to write to");
        }
        put_block(&mut packet, out);
    }
    sum(out)
}

fn put_block(packet: &mut Vec<u8>, out: &mut Vec<u8>) {
    let size = u16::try_from(packet.len()).expect("a packet of a block").to_le_bytes();
    packet[2..HEADER_SIZE].copy_from_slice(&size);
    packet.resize(BLOCK_SIZE, 0);
    out.extend_from_slice(packet);
}

/// Writes core's rows with the `csv` crate.
fn csv_rows(bets: &[(u32, Vec<Bet<'_>>)], out: &mut Vec<u8>) -> u64 {
    out.clear();
    let mut writer =
        csv::WriterBuilder::new().has_headers(false).terminator(csv::Terminator::CRLF).from_writer(&mut *out);
    let (mut agency_text, mut number) = (String::new(), String::new());
    for (agency, bets) in bets {
        for bet in bets {
            agency_text.clear();
            number.clear();
            write!(agency_text, "{agency}").expect("memory to write to");
            write!(number, "{}", bet.number()).expect("memory to write to");
            let names = [&agency_text, bet.first_name(), bet.last_name(), bet.document(), bet.birthdate()];
            writer.write_record(names.into_iter().chain([&number[..]])).expect("memory to write to");
        }
    }
    writer.flush().expect("memory to write to");
    drop(writer);
    sum(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::agencies;

    #[test]
    fn all_ways_write_the_same_bytes() {
        let agencies = agencies();
        let blocks = Blocks::of(&agencies);
        let sums: Vec<(&str, u64)> =
            encoding(&agencies, &blocks).into_iter().map(|mut work| (work.name, (work.run)())).collect();
        let sum_of = |name| sums.iter().find(|(found, _)| *found == name).expect("it is there").1;
        assert_eq!((sum_of("block"), sum_of("block-csv-write")), (sum_of("memcpy"), sum_of("memcpy")));
        assert_eq!(sum_of("rows"), sum_of("rows-csv"));
    }
}
