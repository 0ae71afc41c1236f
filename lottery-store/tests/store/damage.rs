//! Tests of a log that something else has changed: a start finds it sound, or says what is wrong where.

use lottery_core::store::{Store, StoreError};
use lottery_testkit::Rng;
use lottery_testkit::disk::{SimDirectory, SimDisk};
use lottery_testkit::store::{Model, drawn, group, open_log};

/// Returns a log of several segments, and the content before and after the last group.
fn stored() -> (SimDirectory, Model, Model) {
    let log = SimDirectory::new();
    let mut store = open_log(&log, &SimDisk::new()).unwrap();
    let mut model = Model::default();
    for nth in 0..30 {
        store.commit(&group(nth, 5, 30)).unwrap();
        model.apply(&group(nth, 5, 30));
    }
    let before = model.clone();
    let last = drawn(group(30, 3, 5));
    store.commit(&last).unwrap();
    model.apply(&last);
    drop(store);
    assert!(segments(&log) >= 3, "{:?}", log.files());
    (log, before, model)
}

fn segments(log: &SimDirectory) -> u64 {
    log.segments() as u64
}

fn name(segment: u64) -> String {
    format!("{segment:08}.log")
}

fn cause(log: &SimDirectory) -> String {
    match open_log(log, &SimDisk::new()) {
        Err(StoreError::Unusable { place, cause }) => format!("{place}: {cause}"),
        other => panic!("{other:?}"),
    }
}

/// Returns the offset of the last frame in the last segment: the last block that begins with a frame of more
/// than zeros.
fn frames(content: &[u8]) -> Vec<usize> {
    let (mut at, mut frames) = (4096, Vec::new());
    while let Some(block) = content.get(at..at + 4096) {
        let len = u32::from_le_bytes(block[4..8].try_into().unwrap()) as usize;
        if len == 0 {
            break;
        }
        frames.push(at);
        at += len.next_multiple_of(4096);
    }
    frames
}

#[test]
fn a_flipped_bit_anywhere_is_found_at_the_start_or_does_no_harm() {
    let (log, before, model) = stored();
    let mut rng = Rng::new(0);
    let (mut rejected, mut lost, mut sound) = (0, 0, 0);
    for segment in 1..=segments(&log) {
        let is_last = segment == segments(&log);
        let file = log.file(&name(segment)).unwrap().content();
        let frames = frames(&file);
        let end = *frames.last().unwrap() + 4096;
        for nth in 0..200 {
            let at = rng.index(if nth % 4 == 0 { file.len() } else { end });
            let changed = log.after_kill();
            changed.file(&name(segment)).unwrap().edit(|content| content[at] ^= 1 << rng.index(8));
            match open_log(&changed, &SimDisk::new()) {
                Ok(mut store) => {
                    let found = Model::of(&mut store);
                    if found == model {
                        assert!(is_last && at >= end, "segment {segment}, offset {at}");
                        sound += 1;
                    } else {
                        // A damaged last group looks like one that a crash has torn.
                        assert!(is_last && at >= frames[frames.len() - 1] && found == before);
                        lost += 1;
                    }
                }
                Err(StoreError::Unusable { place, cause }) => {
                    let says = format!("{place}: {cause}");
                    assert!(says.contains(&name(segment)) && says.contains("offset "), "{says}");
                    rejected += 1;
                }
                Err(error) => panic!("{error}"),
            }
        }
    }
    assert!(rejected > 200 && lost > 0 && sound > 0, "{rejected} {lost} {sound}");
}

#[test]
fn a_whole_frame_behind_a_broken_one_is_damage() {
    let (log, ..) = stored();
    let last = name(segments(&log));
    let all = frames(&log.file(&last).unwrap().content());
    assert!(all.len() >= 3, "{all:?}");
    for pair in all.windows(2) {
        let changed = log.after_kill();
        changed.file(&last).unwrap().edit(|content| content[pair[0] + 20] ^= 1);
        let says = cause(&changed);
        let expected = if pair[0] == 4096 {
            format!("sim/log/{last}: offset 4096: damaged: no whole frame where the first must be")
        } else {
            let (at, next) = (pair[0], pair[1]);
            format!("sim/log/{last}: offset {at}: damaged: no whole frame, and one follows at offset {next}")
        };
        assert_eq!(says, expected);
    }
}

#[test]
fn a_missing_swapped_or_foreign_segment_is_named() {
    let (log, ..) = stored();
    let contents: Vec<_> = (1..=3).map(|nth| log.file(&name(nth)).unwrap().content()).collect();

    let changed = SimDirectory::new();
    changed.put(&name(1), &contents[0]);
    changed.put(&name(3), &contents[2]);
    assert_eq!(cause(&changed), "sim/log/00000002.log: missing, and there is 00000003.log");

    let changed = log.after_kill();
    changed.put(&name(2), &contents[2]);
    assert_eq!(cause(&changed), "sim/log/00000002.log: offset 32: it is segment 3, expected 2");

    // The same segment of another log.
    let mut other = contents[1].clone();
    other[16] ^= 1;
    let crc = lottery_testkit::crc32c(&other[12..4096]);
    other[8..12].copy_from_slice(&crc.to_le_bytes());
    let changed = log.after_kill();
    changed.put(&name(2), &other);
    assert_eq!(
        cause(&changed),
        "sim/log/00000002.log: offset 16: it does not follow the segment before, expected one of the same log"
    );

    let changed = log.after_kill();
    changed.put(&name(2), &contents[1][..100]);
    assert_eq!(cause(&changed), "sim/log/00000002.log: damaged: 100 bytes, expected a head of 4096 bytes");

    // A segment that lost its end is found when the rows are read for `bets.csv`.
    let changed = log.after_kill();
    let frames = frames(&contents[1]);
    changed.put(&name(2), &contents[1][..frames[frames.len() - 1]]);
    assert!(cause(&changed).contains("00000003.log: offset 16: it does not follow"), "{}", cause(&changed));
}
