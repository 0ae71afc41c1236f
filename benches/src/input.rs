//! Input of the benchmarks: the agencies' files, and their bets as blocks or as a session's packets.

use std::env;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use lottery_core::agency_file::AgencyFile;
use lottery_proto::block::BLOCK_SIZE;
use lottery_proto::{AgencyId, Client, ClientConfig, Dialect, Input, Instant};

/// Number of bets offered for a batch. It is more than fit: the client takes as many as do.
pub(crate) const OFFERED: usize = 255;

/// Agency and its bets.
pub type Agency = (AgencyId, Arc<AgencyFile>);

/// Returns the agencies of the input, from number 1 on.
///
/// # Panics
/// If there is none, or a file holds a mistake.
pub fn agencies() -> Vec<Agency> {
    agencies_of(&dir())
}

/// Returns the directory of the input.
///
/// # Panics
/// If this is not run by cargo.
pub fn dir() -> PathBuf {
    env::var_os("BENCH_DATA").map_or_else(default_dir, PathBuf::from)
}

/// Returns the agencies of a directory, from number 1 on.
///
/// # Panics
/// If there is none, or a file holds a mistake.
pub fn agencies_of(dir: &Path) -> Vec<Agency> {
    let agencies: Vec<Agency> = (1..)
        .map_while(AgencyId::new)
        .map(|id| (id, dir.join(format!("agency-{id}.csv"))))
        .take_while(|(_, path)| path.exists())
        .map(|(id, path)| (id, Arc::new(AgencyFile::read(&path).unwrap_or_else(|error| panic!("{error}")))))
        .collect();
    assert!(!agencies.is_empty(), "{} holds no agency-1.csv", dir.display());
    agencies
}

/// Returns this crate's directory in the checkout that cargo runs it in, which need not be the one that it
/// was built in.
///
/// # Panics
/// If it is not run by cargo.
pub fn crate_dir() -> PathBuf {
    env::var_os("CARGO_MANIFEST_DIR").expect("cargo says where the crate is").into()
}

fn default_dir() -> PathBuf {
    crate_dir().join("../.data")
}

/// Batches encoded as blocks (`docs/protocol.md#block`).
#[derive(Debug)]
pub struct Blocks {
    bytes: Vec<u8>,
    bets: usize,
}

impl Blocks {
    /// Encodes all bets of these agencies in full blocks, as a client does.
    ///
    /// # Panics
    /// If a bet cannot be sent.
    pub fn of(agencies: &[Agency]) -> Self {
        let mut bytes = Vec::new();
        send_blocks(agencies, |block| bytes.extend_from_slice(block));
        Self { bytes, bets: agencies.iter().map(|(_, list)| list.len()).sum() }
    }

    /// Returns the number of bets.
    pub fn bets(&self) -> usize {
        self.bets
    }

    /// Returns the number of bytes in the packets, without padding.
    pub fn size(&self) -> usize {
        self.packets().map(<[u8]>::len).sum()
    }

    /// Returns the blocks of each agency.
    pub fn agencies(&self) -> impl Iterator<Item = &[u8]> {
        let mut rest = &self.bytes[..];
        std::iter::from_fn(move || {
            let agency = *rest.get(1)?;
            let blocks = rest.chunks_exact(BLOCK_SIZE).take_while(|block| block[1] == agency).count();
            let (own, others) = rest.split_at(blocks * BLOCK_SIZE);
            rest = others;
            Some(own)
        })
    }

    /// Returns each block, with its padding.
    pub fn blocks(&self) -> impl Iterator<Item = &[u8]> {
        self.bytes.chunks_exact(BLOCK_SIZE)
    }

    /// Returns the packets of each agency as a session carries them: without padding, one behind the other
    /// (`docs/protocol.md#sessions`).
    pub fn sessions(&self) -> impl Iterator<Item = Vec<u8>> {
        self.agencies().map(|blocks| blocks.chunks_exact(BLOCK_SIZE).flat_map(packet).copied().collect())
    }

    /// Returns each block's packet, without padding.
    pub fn packets(&self) -> impl Iterator<Item = &[u8]> {
        self.blocks().map(packet)
    }
}

/// Returns the packet of a block, without padding.
fn packet(block: &[u8]) -> &[u8] {
    &block[..usize::from(u16::from_le_bytes([block[2], block[3]]))]
}

/// Sends all bets of these agencies in full blocks, as a client does, and hands each block to `take`.
///
/// # Panics
/// If a bet cannot be sent.
pub(crate) fn send_blocks(agencies: &[Agency], mut take: impl FnMut(&[u8])) {
    for (id, list) in agencies {
        let mut client =
            Client::new(ClientConfig::new(*id, Dialect::BLOCK).expect("valid settings"), Instant::default());
        let mut sent = 0;
        while sent < list.len() {
            let offered = list.slice(sent, OFFERED);
            sent += client.send_batch_of(Instant::default(), offered).expect("the bets can be sent");
            let block = client.poll_io().expect("the connection is open").send;
            take(block);
            let bytes = block.len();
            client.handle(Instant::default(), Input::Sent(bytes));
        }
    }
}

/// Folds some of the bytes of each block into a number, so that the compiler cannot leave out the writing.
pub(crate) fn sum(bytes: &[u8]) -> u64 {
    bytes.chunks(BLOCK_SIZE).fold(0, add_to_sum)
}

/// Adds a block to [`sum`].
pub(crate) fn add_to_sum(sum: u64, block: &[u8]) -> u64 {
    let last = u64::from(block[0]) << 8 | u64::from(block[block.len() - 1]);
    sum.rotate_left(5) ^ last ^ (block.len() as u64) << 16
}
