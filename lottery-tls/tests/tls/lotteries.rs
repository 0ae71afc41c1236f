//! Whole lotteries of one agency over TLS.

use lottery_proto::{AgencyId, CloseReason, Dialect};
use lottery_testkit::{Pipe, Rng};

use crate::support::pair::Joined;

/// Dialects in which a client sends batches, Finished, and waits for its winners on one connection.
const DIALECTS: [Dialect; 1] = [Dialect::FRAMED];

#[test]
fn an_agency_sends_its_bets_and_gets_its_winners_over_any_pipe() {
    for dialect in DIALECTS {
        for (seed, pipe) in [(1, 1), (2, 7), (3, 100), (4, 5000), (5, 70_000)] {
            let mut joined = Joined::new(dialect, if pipe < 100 { 30 } else { 3000 });
            (joined.up, joined.down) = (Pipe::new(pipe), Pipe::new(pipe));
            joined.rng = Rng::new(seed);
            joined.run();
            let (server, client) = (joined.server.get_ref(), joined.client.get_ref());
            assert_eq!(server.agency.map(AgencyId::get), Some(3));
            assert!(joined.server.is_secure());
            assert_eq!(client.winners.as_deref().map(<[_]>::len), Some(2), "{client:?}");
            assert!(server.stored.iter().all(|&agency| agency == 3));
            assert_eq!(server.stored.len(), if pipe < 100 { 30 } else { 3000 });
            assert_eq!([client.closed, server.closed], [Some(CloseReason::Done); 2]);
            assert_eq!((joined.client.denied(), &client.not_connected), (None, &None));
        }
    }
}
