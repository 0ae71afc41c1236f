//! Log lines of clients.

use lottery_cli::log::Level;
use lottery_core::client::Job;
use lottery_proto::{AgencyId, ClientConfig, Dialect};

use super::lines;
use crate::support::bets;
use crate::support::world::{World, job};

#[test]
fn a_waiting_client_logs_that_every_thirty_seconds() {
    for dialect in [Dialect::BLOCK, Dialect::SESSION, Dialect::FRAMED, Dialect::BRACES] {
        let lines = lines(Level::Info, || {
            let mut world = World::new(2, usize::MAX, 2);
            let connection = ClientConfig::new(AgencyId::new(1).unwrap(), dialect).unwrap();
            let mut fields = bets(1, 0, 6);
            for bet in &mut fields {
                "Paz".clone_into(&mut bet[1]);
            }
            world.agency(0, Job { connection, ..job(1) }, &fields);
            world.run(100);
            // A silent server is waited for, too.
            world.commits = false;
            world.agency(0, job(2), &bets(2, 0, 6));
            world.run(50);
        });
        let line = |client_id, what, seconds| {
            let wait = "INFO     action: wait | result: in_progress";
            format!("{wait} | client_id: {client_id} | what: {what} | seconds: {seconds}")
        };
        let waits: Vec<_> = lines.iter().filter(|line| line.contains("action: wait")).collect();
        let of_first = waits.iter().filter(|line| line.contains("client_id: 1"));
        let expected = [30, 60, 90].map(|seconds| line(1, "the draw", seconds));
        assert!(of_first.take(3).copied().eq(expected.iter()), "{dialect}: {waits:#?}");
        assert!(waits.contains(&&line(2, "the server", 30)), "{dialect}: {waits:#?}");
    }
}
