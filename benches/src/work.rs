//! Work that is measured: each kind goes over the whole input once, and folds its results into one number, so
//! that the compiler cannot leave anything out.

use criterion::{Criterion, Throughput};
use lottery_proto::{Dialect, block};
use memchr::memchr_iter;

use crate::input::{Agency, Blocks};
use crate::peers;
use crate::record::{batches, fold};
use crate::textbook;
use crate::traffic::Traffic;

/// Offset of the bets in a packet: after its header and their count (`docs/protocol.md#block`).
const BETS_AT: usize = block::HEADER_SIZE + 1;

/// Kind of work.
pub struct Work<'a> {
    /// Name of the work.
    pub name: &'static str,
    /// Closure that runs the work once.
    pub run: Box<dyn FnMut() -> u64 + 'a>,
}

impl<'a> Work<'a> {
    /// Names a kind of work.
    pub fn new(name: &'static str, run: impl FnMut() -> u64 + 'a) -> Self {
        Self { name, run: Box::new(run) }
    }
}

/// Measures each kind of work with criterion, as `group/name`.
pub fn measure(criterion: &mut Criterion, group: &str, blocks: &Blocks, works: Vec<Work<'_>>) {
    let mut group = criterion.benchmark_group(group);
    let (elements, bytes) = (blocks.bets() as u64, blocks.size() as u64);
    group.throughput(Throughput::ElementsAndBytes { elements, bytes });
    for Work { name, mut run } in works {
        group.bench_function(name, |bencher| bencher.iter(&mut run));
    }
    group.finish();
}

impl std::fmt::Debug for Work<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Work({})", self.name)
    }
}

/// Returns all kinds of decoding, from bytes to bets: the dialects, the alternatives, and the limits of the
/// machine.
pub fn decoding<'a>(agencies: &[Agency], blocks: &'a Blocks) -> Vec<Work<'a>> {
    let records = batches(blocks);
    let mut copy = Vec::with_capacity(blocks.size());
    let (prost, postcard) = (peers::prost::encode(&records), peers::postcard::encode(&records));
    let (rkyv, bincode) = (peers::rkyv::encode(&records), peers::bincode::encode(&records));
    let (json, csv) = (peers::json::encode(&records), peers::csv::encode(blocks));
    let mut all = vec![
        Work::new("block", || decode(blocks)),
        Work::new("separator-positions", || separators(blocks)),
        Work::new("textbook-nom", || textbook(blocks)),
        Work::new("memcpy", move || memcpy(blocks, &mut copy)),
        Work::new("separator-count", || count(blocks)),
        Work::new("utf8", || utf8(blocks)),
        Work::new("prost", move || peers::prost::decode(&prost)),
        Work::new("postcard", move || peers::postcard::decode(&postcard)),
        Work::new("rkyv", move || peers::rkyv::decode(&rkyv)),
        Work::new("bincode", move || peers::bincode::decode(&bincode)),
        Work::new("serde_json", move || peers::json::decode(&json)),
        Work::new("csv", move || peers::csv::decode(&csv)),
    ];
    for (name, dialect) in [
        ("block-served", Dialect::BLOCK),
        ("session", Dialect::SESSION),
        ("fixed", Dialect::FIXED),
        ("framed", Dialect::FRAMED),
        ("braces", Dialect::BRACES),
    ] {
        match Traffic::of(agencies, dialect) {
            Some(traffic) => all.push(Work::new(name, move || traffic.serve())),
            None => eprintln!("SKIPPED: {name} cannot carry a bet of this input"),
        }
    }
    all
}

/// Decodes and validates every block, and visits the bets in the same pass.
///
/// # Panics
/// If a block is wrong.
pub fn decode(blocks: &Blocks) -> u64 {
    let mut sum = 0;
    for bytes in blocks.blocks() {
        block::decode_batch(bytes, |bet| sum = fold(sum, &bet)).expect("a valid batch");
    }
    sum
}

/// Decodes every block with the textbook decoder.
///
/// # Panics
/// If a block is wrong.
pub fn textbook(blocks: &Blocks) -> u64 {
    let bets = |bytes| textbook::decode_batch(bytes).expect("a valid batch");
    blocks.blocks().fold(0, |sum, bytes| bets(bytes).iter().fold(sum, fold))
}

/// Finds every separator in the packets, and does nothing else.
pub fn separators(blocks: &Blocks) -> u64 {
    let positions = |packet| memchr_iter(b'|', packet);
    blocks.packets().flat_map(positions).fold(0, |sum, at| sum.rotate_left(5) ^ at as u64)
}

/// Counts the separators in the packets.
pub fn count(blocks: &Blocks) -> u64 {
    blocks.packets().map(|packet| memchr_iter(b'|', packet).count() as u64).sum()
}

/// Counts the batches whose bytes after the count are UTF-8.
pub fn utf8(blocks: &Blocks) -> u64 {
    blocks.packets().filter(|packet| str::from_utf8(&packet[BETS_AT..]).is_ok()).count() as u64
}

/// Copies the packets to `to`.
pub fn memcpy(blocks: &Blocks, to: &mut Vec<u8>) -> u64 {
    to.clear();
    blocks.packets().for_each(|packet| to.extend_from_slice(packet));
    to.last().copied().unwrap_or_default().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::agencies;

    /// Kinds of work that do not decode.
    const LOOKS: [&str; 4] = ["separator-positions", "memcpy", "separator-count", "utf8"];

    #[test]
    fn all_decoders_find_the_same() {
        let agencies = agencies();
        let blocks = Blocks::of(&agencies);
        let sum = decode(&blocks);
        assert_ne!(sum, 0);
        for Work { name, mut run } in decoding(&agencies, &blocks) {
            if !LOOKS.contains(&name) {
                assert_eq!(run(), sum, "{name}");
            }
        }
    }

    #[test]
    fn work_on_bytes_looks_at_all_of_them() {
        let blocks = Blocks::of(&agencies());
        assert_eq!(count(&blocks), 4 * blocks.bets() as u64);
        assert_eq!(utf8(&blocks), blocks.packets().count() as u64);
        let mut copy = Vec::new();
        memcpy(&blocks, &mut copy);
        assert_eq!(copy.len(), blocks.size());
    }
}
