//! Groups to store, and a model of the store that has committed them.

use std::collections::BTreeMap;

use lottery_core::store::{
    AgencyRecord, Draw, EncodedBatch, Group, Rules, Saved, Store, StoreError, Winners, WinnersList,
    WinnersPiece, rows,
};
use lottery_proto::ListSize;
use lottery_store::LogStore;
use lottery_store::log::Sizes;

use crate::disk::{SimDirectory, SimDisk};

/// Returns the nth group of a history: `batches` batches with `bets` rows each, and the agencies' new
/// state.
///
/// # Panics
///
/// `nth` is over 32 bits.
pub fn group(nth: u64, batches: u32, bets: u32) -> Group {
    let mut group = Group::default();
    for batch in 0..batches {
        let agency = 1 + batch % 5;
        let mut text = String::new();
        for bet in 0..bets {
            let document = format!("{}", 20_000_000 + nth * 1_000_000 + u64::from(batch * bets + bet));
            rows::push_row(&mut text, agency, "Santiago \"S\"", "Lorca, Ñ", &document, "1999-03-17", bet);
        }
        group.batches.push(EncodedBatch::from_rows(agency, bets, text).into());
        let digest = u32::try_from(nth).unwrap();
        group.agencies.insert(agency, AgencyRecord { stored: nth + 1, digest, finished: nth % 2 == 1 });
    }
    group
}

/// Returns the same group with the draw and some winners.
pub fn drawn(group: Group) -> Group {
    let pieces = [(1, 0, "30904465\n2\n"), (1, 1, "20000007\n"), (4, 0, "1\n")];
    let piece = |(agency, number, documents): (u32, u64, &str)| WinnersPiece {
        agency,
        number,
        documents: documents.to_owned(),
    };
    let list =
        |documents, bytes, pieces| WinnersList { size: ListSize { documents, bytes, longest: 8 }, pieces };
    let winners = [(1, list(3, 17, 2)), (4, list(1, 1, 1))].into();
    Group {
        rules: Some(Rules { agencies: 2, winning_number: 7574 }),
        winners: Some(Winners { begins: true, pieces: pieces.map(piece).into() }),
        draw: Some(Draw { winning_number: 7574, agencies: 2, winners }),
        ..group
    }
}

/// Content that a store must have after some groups.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Model {
    /// State apart from the bets.
    pub saved: Saved,
    /// Rows of all batches.
    pub rows: String,
    /// Pieces of the draw's winners lists, by agency and number.
    pub winners: BTreeMap<(u32, u64), String>,
}

impl Model {
    /// Adds a group that was committed.
    pub fn apply(&mut self, group: &Group) {
        self.saved.agencies.extend(&group.agencies);
        self.saved.rules = group.rules.or(self.saved.rules);
        if group.draw.is_some() {
            self.saved.draw.clone_from(&group.draw);
            let pieces = group.winners.iter().flat_map(|winners| &winners.pieces);
            let piece = |piece: &WinnersPiece| ((piece.agency, piece.number), piece.documents.clone());
            self.winners = pieces.map(piece).collect();
        }
        self.rows.extend(group.batches.iter().map(|batch| batch.rows()));
    }

    /// Returns the content of a store.
    ///
    /// # Panics
    ///
    /// The store cannot be read.
    pub fn of(store: &mut dyn Store) -> Self {
        let mut all = String::new();
        let saved = store.load().unwrap();
        store.read(&mut |rows| all.push_str(rows)).unwrap();
        let mut winners = BTreeMap::new();
        for (agency, list) in saved.draw.iter().flat_map(|draw| &draw.winners) {
            let piece = |number| ((*agency, number), store.winners(*agency, number).unwrap().documents);
            winners.extend((0..list.pieces).map(piece));
        }
        Self { saved, rows: all, winners }
    }

    /// Returns the content that `bets.csv` must have.
    pub fn csv(&self) -> Vec<u8> {
        self.rows.clone().into_bytes()
    }
}

/// Sizes of small segments, so that a few groups fill one, and that a start leaves some of `bets.csv`.
pub const SMALL: Sizes = Sizes { first: 32 * 1024, most: 128 * 1024, compared: 64 * 1024 };

/// Opens a store on a simulated log, with [`SMALL`] segments, for a new process.
///
/// # Errors
///
/// The errors of [`LogStore::with_disks`].
pub fn open_log(log: &SimDirectory, csv: &SimDisk) -> Result<LogStore, StoreError> {
    LogStore::with_disks(log.open(), SMALL, "sim/bets.csv", csv.open())
}
