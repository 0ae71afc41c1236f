//! Changed segments of a log: a start rejects them, or finds a beginning of what was stored, and never anything
//! else.

use std::sync::OnceLock;

use lottery_core::store::{Store, StoreError};
use lottery_testkit::crc32c;
use lottery_testkit::disk::{SimDirectory, SimDisk};
use lottery_testkit::store::{Model, drawn, group, open_log};

use crate::feed::Feed;

/// Length of a block: frames begin and end with one.
const BLOCK: usize = 4096;

/// Returns a log of some groups, and the rows in it.
fn good() -> &'static (SimDirectory, String) {
    static GOOD: OnceLock<(SimDirectory, String)> = OnceLock::new();
    GOOD.get_or_init(|| {
        let log = SimDirectory::new();
        let mut store = open_log(&log, &SimDisk::new()).expect("a new store");
        let mut rows = String::new();
        for nth in 0..12 {
            let group = group(nth, 2, 9);
            let group = if nth == 9 { drawn(group) } else { group };
            store.commit(&group).expect("a commit");
            rows.extend(group.batches.iter().map(|batch| batch.rows().to_owned()));
        }
        drop(store);
        assert!(log.segments() > 1, "there is more than one segment");
        (log, rows)
    })
}

/// Opens a log in which bytes were changed. The first byte of `data` is odd if the checksums are made right
/// after that; then five bytes for each change: segment, block, offset in the block in two bytes, new byte.
pub fn run(data: &[u8]) {
    let (log, rows) = good();
    let log = log.after_kill();
    let mut feed = Feed(data);
    let Some(correct) = feed.byte().map(|byte| byte % 2 == 1) else { return };
    let names: Vec<String> = log.files().into_iter().filter(|name| !name.ends_with("part")).collect();
    while let [segment, block, low, high, value, rest @ ..] = feed.0 {
        feed.0 = rest;
        let name = &names[usize::from(*segment) % names.len()];
        log.file(name).expect("it is there").edit(|content| {
            let offset = usize::from(u16::from_le_bytes([*low, *high])) % BLOCK;
            // Most blocks of a segment hold nothing.
            let at = usize::from(*block) % (content.len() / BLOCK).min(10) * BLOCK + offset;
            content[at] = *value;
            if correct {
                make_right(content, at / BLOCK * BLOCK);
            }
        });
    }
    match open_log(&log, &SimDisk::new()) {
        Err(StoreError::Unusable { .. }) => {}
        Err(error) => panic!("{error}"),
        Ok(mut store) if correct => {
            // The content that is read may be anything, or nothing.
            let _ = store.load().map(|saved| saved.agencies.len());
            let _ = store.winners(1, 0);
        }
        Ok(mut store) => {
            let found = Model::of(&mut store);
            assert!(rows.starts_with(&found.rows), "no bet is invented");
            assert!(found.rows.is_empty() || found.rows.ends_with("\r\n"), "whole rows");
        }
    }
}

/// Makes the checksum of a head, or of a frame that may begin there, right.
fn make_right(content: &mut [u8], at: usize) {
    let (from, crc) = if at == 0 {
        (8, crc32c(&content[12..BLOCK]))
    } else {
        let len = content[at + 4..at + 8].iter().rev().fold(0, |len, byte| len << 8 | usize::from(*byte));
        let Some(frame) = content.get(at + 4..at + len.next_multiple_of(BLOCK)) else { return };
        (at, crc32c(&[&content[16..32], frame].concat()))
    };
    content[from..from + 4].copy_from_slice(&crc.to_le_bytes());
}
