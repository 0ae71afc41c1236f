//! Cost of a commit: it does not depend on the number of agencies, or of waiters.

use std::time::Duration;

use lottery_core::messages::Command;
use lottery_core::store::{AgencyRecord, Group, Store as _};
use lottery_proto::ConnId;
use rustix::time::{ClockId, clock_gettime};

use crate::support::test_store::TestStore;
use crate::support::{batch, bets, commit, finished, waits};

/// Factor that is allowed when there are many; a walk over them costs hundreds of times as much.
const MOST: u32 = 10;

/// Returns the processor time of this thread.
fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.try_into().unwrap(), time.tv_nsec.try_into().unwrap())
}

/// Returns the processor time of some groups, the best of some tries; `group` makes the next one.
fn time_of(
    committer: &mut lottery_core::committer::Committer<TestStore>,
    group: &mut dyn FnMut() -> Vec<Command>,
) -> Duration {
    let mut try_it = || {
        let groups: Vec<_> = (0..20).map(|_| group()).collect();
        let before = cpu_time();
        for group in groups {
            commit(committer, group);
        }
        cpu_time().saturating_sub(before)
    };
    (0..10).map(|_| try_it()).min().unwrap()
}

#[test]
fn a_commit_costs_the_same_however_many_agencies_are_finished() {
    let times = [2, 60_000].map(|agencies| {
        let mut store = TestStore::default();
        let finished = AgencyRecord { finished: true, ..AgencyRecord::default() };
        let agencies_finished = (2..=agencies).map(|agency| (agency, finished)).collect();
        store.commit(&Group { agencies: agencies_finished, ..Group::default() }).unwrap();
        let mut committer = store.committer(agencies);
        let bet = bets(1, 1, 1);
        let time = time_of(&mut committer, &mut || vec![batch(1, &bet)]);
        commit(&mut committer, vec![crate::support::finished(1)]);
        assert!(committer.draw().is_some(), "all the others were finished");
        time
    });
    assert!(times[1] < times[0] * MOST, "{times:?}");
}

#[test]
fn a_departure_costs_the_same_however_many_wait() {
    let times = [2, 20_000].map(|conns| {
        let mut committer = TestStore::default().committer(3);
        let all = (0..conns).map(|conn| waits(conn, if conn % 2 == 0 { Some(1) } else { None }));
        commit(&mut committer, all.chain([finished(1), batch(2, &[])]).collect());
        let mut next = 0..;
        time_of(&mut committer, &mut || {
            // The first of these connections wait, the others never did.
            let conn = ConnId(next.next().unwrap());
            vec![Command::Ended(conn), Command::Gone(conn)]
        })
    });
    assert!(times[1] < times[0] * MOST, "{times:?}");
}
