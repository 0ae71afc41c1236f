//! Memory of a draw: it does not grow with the bets, or with the winners.
//!
//! The allocator counts for the whole process, so there is one test here.

use std::ops::ControlFlow;
use std::sync::{Arc, Mutex};

use lottery_core::committer::{Committer, Rules};
use lottery_core::store::{
    AgencyRecord, Draw, Group, PIECE_SIZE, Saved, Store, StoreError, WinnersPiece, rows,
};
use peak_alloc::PeakAlloc;

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

const AGENCIES: u32 = 5;

/// Store with this number of pieces of rows, all of which win. It counts the winners that are stored.
#[derive(Debug, Clone, Default)]
struct Endless {
    pieces: u64,
    rows: String,
    stored: Arc<Mutex<(u64, Option<Draw>)>>,
}

impl Endless {
    fn of(pieces: u64) -> Self {
        let mut text = String::new();
        for nth in 0..1000 {
            let (agency, document) = (1 + nth % AGENCIES, (20_000_000 + nth).to_string());
            rows::push_row(&mut text, agency, "Ana", "Paz", &document, "1980-01-31", 7574);
        }
        Self { pieces, rows: text, stored: Arc::default() }
    }
}

impl Store for Endless {
    fn load(&mut self) -> Result<Saved, StoreError> {
        let finished = AgencyRecord { stored: 1, digest: 0, finished: true };
        let agencies = (1..=AGENCIES).map(|agency| (agency, finished)).collect();
        let draw = self.stored.lock().unwrap().1.clone();
        Ok(Saved { agencies, draw, ..Saved::default() })
    }

    fn commit(&mut self, group: &Group) -> Result<(), StoreError> {
        let mut stored = self.stored.lock().unwrap();
        for piece in group.winners.iter().flat_map(|winners| &winners.pieces) {
            assert!(piece.documents.len() <= PIECE_SIZE);
            stored.0 += piece.iter().count() as u64;
        }
        stored.1.clone_from(&group.draw);
        Ok(())
    }

    fn read_from(
        &self,
        place: u64,
        visit: &mut dyn FnMut(&str) -> ControlFlow<()>,
    ) -> Result<u64, StoreError> {
        let broken_off = (place..self.pieces).find(|_| visit(&self.rows).is_break());
        Ok(broken_off.map_or(self.pieces, |place| place + 1))
    }

    fn winners(&self, _: u32, _: u64) -> Result<WinnersPiece, StoreError> {
        unreachable!("nobody asks")
    }
}

/// Returns the peak of memory of a draw over this number of pieces, and that of a start after it, in bytes.
fn peaks(pieces: u64) -> [usize; 2] {
    let store = Endless::of(pieces);
    let peak = || {
        let store = store.clone();
        ALLOCATOR.reset_peak_usage();
        let before = ALLOCATOR.current_usage();
        let rules = Rules { agencies: AGENCIES, winning_number: 7574 };
        let committer = Committer::open(store, rules).unwrap();
        let draw = committer.draw().unwrap();
        let winners: u64 = draw.winners.values().map(|list| list.size.documents).sum();
        assert_eq!(winners, pieces * 1000);
        ALLOCATOR.peak_usage() - before
    };
    let peaks = [peak(), peak()];
    assert_eq!(store.stored.lock().unwrap().0, pieces * 1000, "each is stored once");
    peaks
}

#[test]
fn the_memory_of_a_draw_and_of_a_start_after_it_does_not_grow_with_bets_and_winners() {
    let (few, many) = (peaks(100), peaks(1000));
    println!("100,000 winners: {few:?} bytes, 1,000,000 winners: {many:?} bytes");
    assert!(many[0] < few[0] + 4096 && many[0] < 2 << 20, "{few:?} {many:?}");
    assert!(many[1] < 4096, "{many:?}");
}
