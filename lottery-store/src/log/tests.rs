//! Tests of the format: what is written is read back, and nothing else is taken for a frame.

use std::collections::BTreeMap;
use std::sync::Arc;

use lottery_core::store::{
    AgencyRecord, Draw, EncodedBatch, Rules, Saved, Winners, WinnersList, WinnersPiece,
};
use lottery_proto::ListSize;
use proptest::prelude::*;

use super::frame::{BLOCK, Beginning, Content, Frame};
use super::place::Place;

const ID: [u8; 16] = *b"0123456789abcdef";

fn piece(agency: u32, number: u64, documents: &str) -> WinnersPiece {
    WinnersPiece { agency, number, documents: documents.to_owned() }
}

#[test]
fn a_frame_is_as_documented() {
    let agencies = [(7, AgencyRecord { stored: 2, digest: 0xA1B2_C3D4, finished: true })].into();
    let size = ListSize { documents: 1, bytes: 8, longest: 8 };
    let winners = [(7, WinnersList { size, pieces: 1 })].into();
    let draw = Draw { winning_number: 7574, agencies: 1, winners };
    let winners = Winners { begins: true, pieces: vec![piece(7, 0, "20000001\n")] };
    let rows = "7,Ana,Paz,20000001,1980-01-01,7574\r\n";
    let batches = [Arc::new(EncodedBatch::from_rows(7, 1, rows.to_owned()))];
    let content = Content {
        group: 3,
        rows_before: 0x0102,
        checkpoint: true,
        agencies: &agencies,
        rules: Some(Rules { agencies: 1, winning_number: 7574 }),
        draw: Some(&draw),
        winners_at: Place { segment: 2, offset: 4096 },
        winners: Some(&winners),
        batches: &batches,
    };
    let mut frame = Vec::new();
    assert!(content.encode(&ID, &mut frame));
    let number = |number: u32| number.to_le_bytes();
    let long = |number: u64| number.to_le_bytes();
    let expected = [
        &long(3)[..],
        &long(0x0102),
        &number(15),
        &number(1),
        &number(1),
        &number(u32::try_from(rows.len()).unwrap()),
        // An agency.
        &number(7),
        &long(2),
        &number(0xA1B2_C3D4),
        &[1],
        // The rules.
        &number(1),
        &number(7574),
        // The draw, and the list of an agency.
        &number(7574),
        &number(1),
        &long(2),
        &long(4096),
        &number(1),
        &number(7),
        &long(1),
        &long(8),
        &long(8),
        &long(1),
        // A piece, and its documents.
        &number(7),
        &long(0),
        &number(9),
        b"20000001\n",
        rows.as_bytes(),
    ]
    .concat();
    assert_eq!(frame.len(), BLOCK);
    let len = 8 + expected.len();
    assert_eq!(frame[4..8], number(u32::try_from(len).unwrap()));
    assert_eq!(frame[8..len], expected);
    assert!(frame[len..].iter().all(|byte| *byte == 0));
    let crc = crc32c::crc32c(&[&ID[..], &frame[4..]].concat());
    assert_eq!(frame[..4], number(crc));
}

fn record() -> impl Strategy<Value = AgencyRecord> {
    (any::<u64>(), any::<u32>(), any::<bool>()).prop_map(|(stored, digest, finished)| AgencyRecord {
        stored,
        digest,
        finished,
    })
}

fn draw() -> impl Strategy<Value = Draw> {
    let list = (any::<u64>(), any::<u64>(), any::<u32>(), any::<u64>()).prop_map(
        |(documents, bytes, longest, pieces)| {
            let longest = usize::try_from(longest).unwrap();
            WinnersList { size: ListSize { documents, bytes, longest }, pieces }
        },
    );
    (any::<u32>(), any::<u32>(), prop::collection::btree_map(any::<u32>(), list, 0..5))
        .prop_map(|(winning_number, agencies, winners)| Draw { winning_number, agencies, winners })
}

proptest! {
    #[test]
    fn what_is_written_is_read_back_and_no_flipped_bit_is(
        (group, rows_before, checkpoint) in (1_u64.., any::<u64>(), any::<bool>()),
        agencies in prop::collection::btree_map(any::<u32>(), record(), 0..300),
        rules in prop::option::of((any::<u32>(), any::<u32>())),
        draw in prop::option::of(draw()),
        pieces in prop::option::of(prop::collection::vec((any::<u32>(), any::<u64>(), "[0-9\n]{0,40}"), 0..9)),
        rows in prop::collection::vec("[a-z0-9ñ,]{0,400}\r\n", 0..30),
        (segment, offset, begins) in (any::<u64>(), any::<u64>(), any::<bool>()),
        flip in any::<prop::sample::Index>(),
    ) {
        let rules = rules.map(|(agencies, winning_number)| Rules { agencies, winning_number });
        let winners = pieces.map(|pieces| {
            let pieces = pieces.iter().map(|(agency, number, documents)| piece(*agency, *number, documents));
            Winners { begins, pieces: pieces.collect() }
        });
        let batches: Vec<_> =
            rows.iter().map(|rows| Arc::new(EncodedBatch::from_rows(1, 1, rows.clone()))).collect();
        let winners_at = Place { segment, offset };
        let content = Content {
            group, rows_before, checkpoint, agencies: &agencies, rules, draw: draw.as_ref(), winners_at,
            winners: winners.as_ref(), batches: &batches,
        };
        let mut bytes = vec![7; 5];
        prop_assert!(content.encode(&ID, &mut bytes));
        prop_assert_eq!(bytes.len() % BLOCK, 0);
        let beginning = Beginning::read(&bytes).unwrap();
        prop_assert!(beginning.group == group && beginning.padded() == bytes.len());
        prop_assert!(beginning.is_whole(&ID, &bytes));
        prop_assert!(!beginning.is_whole(b"another lottery ", &bytes));

        let frame = Frame::read(&bytes).unwrap();
        prop_assert_eq!((frame.group, frame.rows_before, frame.checkpoint), (group, rows_before, checkpoint));
        let rows = rows.concat();
        prop_assert_eq!(frame.rows, rows.as_bytes());
        prop_assert_eq!(frame.winners_at, draw.as_ref().map(|_| winners_at));
        prop_assert_eq!(frame.begins, winners.as_ref().is_some_and(|winners| winners.begins));
        let mut first = BTreeMap::new();
        for piece in winners.iter().flat_map(|winners| &winners.pieces) {
            first.entry((piece.agency, piece.number)).or_insert(piece);
        }
        for ((agency, number), piece) in first {
            prop_assert_eq!(frame.piece(agency, number), Some(piece.clone()));
        }
        prop_assert_eq!(frame.piece(4, 4), None);
        prop_assert_eq!(frame.saved, Saved { agencies, rules, draw });

        let bit = flip.index(bytes.len() * 8);
        bytes[bit / 8] ^= 1_u8 << (bit % 8);
        let whole = Beginning::read(&bytes).is_some_and(|found| found.is_whole(&ID, &bytes));
        prop_assert!(!whole, "bit {}", bit);
    }

    #[test]
    fn any_bytes_are_read_as_a_frame_or_rejected(
        mut bytes in prop::collection::vec(any::<u8>(), 0..400),
        len in 0_u32..400,
        counts in prop::array::uniform4(0_u32..20),
    ) {
        // Half of the time the numbers are small, so that there is something behind them.
        if bytes.len() > 40 && len % 2 == 0 {
            bytes[4..8].copy_from_slice(&len.to_le_bytes());
            for (at, count) in (24..).step_by(4).zip(counts) {
                bytes[at..at + 4].copy_from_slice(&count.to_le_bytes());
            }
        }
        if let Some(frame) = Frame::read(&bytes) {
            prop_assert!(frame.rows.len() <= bytes.len());
            prop_assert!(frame.saved.agencies.len() <= bytes.len());
            let _ = frame.piece(1, 0);
        }
    }
}

#[test]
fn a_packed_place_is_itself_again_and_never_the_beginning() {
    for (segment, offset) in [(1, 4096), (7, (1 << 36) - 4096), ((1 << 28) - 1, 0)] {
        let place = Place { segment, offset };
        assert_eq!(Place::unpack(place.pack()), place);
        assert_ne!(place.pack(), 0);
    }
}
