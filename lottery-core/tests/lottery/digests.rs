//! Counts and digests, checked with an oracle that shares no code with the committer and has no CRC table.

use lottery_core::committer::{Committer, Rules};
use lottery_store::LogStore;

use crate::support::digest::{crc32c, text_of};
use crate::support::test_store::{Fate, TestStore};
use crate::support::{Diary, Fields, batch, bets, finished};

#[test]
fn counts_and_digests_are_right_over_groups_and_reopening() {
    assert_eq!(crc32c(b"123456789"), 0xE306_9283);
    let dir = tempfile::tempdir().unwrap();
    let diary = Diary::default();
    let mut sent: Vec<Vec<Fields>> = vec![vec![]; 4];
    for round in 0..6_u32 {
        let store = LogStore::open(dir.path()).unwrap();
        let mut committer = Committer::open(store, Rules { agencies: 3, winning_number: 7574 }).unwrap();
        for group in 0..3 {
            let mut requests = Vec::new();
            for nth in 0..=group {
                for agency in 1..=3_u32 {
                    let all = &mut sent[agency as usize];
                    let next =
                        bets(agency, u32::try_from(all.len()).unwrap(), (round * 7 + nth * agency) % 40);
                    requests.push(diary.request(batch(agency, &next)));
                    all.extend(next);
                }
            }
            committer.commit(requests).unwrap();
            for agency in 1..=3_u32 {
                let (record, all) = (committer.agency(agency), &sent[agency as usize]);
                assert_eq!(record.stored, all.len() as u64);
                assert_eq!(record.digest, crc32c(text_of(all).as_bytes()), "agency {agency}");
            }
        }
    }
    assert!(sent[1].len() > 200);
}

#[test]
fn a_rejected_group_is_neither_counted_nor_in_the_digest() {
    let store = TestStore::default();
    let mut committer = store.committer(2);
    let diary = store.diary();
    let mut commit = |asks: Vec<_>| {
        committer.commit(asks.into_iter().map(|asks| diary.request(asks)).collect()).unwrap();
        committer.agency(1)
    };
    let first = commit(vec![batch(1, &bets(1, 0, 9))]);
    store.next(&[Fate::Full]);
    assert_eq!(commit(vec![batch(1, &bets(1, 9, 9))]), first);
    committer.try_again();
    let mut commit = |asks: Vec<_>| {
        committer.commit(asks.into_iter().map(|asks| diary.request(asks)).collect()).unwrap();
        committer.agency(1)
    };
    let second = commit(vec![batch(1, &bets(1, 9, 3)), finished(1), batch(1, &bets(1, 12, 3))]);
    assert_eq!((second.stored, second.digest), (12, crc32c(text_of(&bets(1, 0, 12)).as_bytes())));
    assert_eq!(store.committer(2).agency(1), second);
}
