//! Virtual time, which steps to the next moment at which anything can happen.

use lottery_proto::{Endpoint as _, Instant};
use lottery_runtime::Step;

use crate::link::KEEPALIVE;
use crate::tally::Mark;
use crate::world::World;

impl World {
    /// Steps to the next moment at which something can happen.
    pub(crate) fn wait(&mut self) -> Result<(), String> {
        let now = self.now;
        let mut next: Vec<Instant> = self.room_at.into_iter().collect();
        for (index, at) in self.starts.iter().enumerate() {
            if !self.done[index] {
                next.push(*at);
            }
        }
        match &mut self.server {
            None => next.push(self.server_at),
            Some(server) => {
                let (clock, paused) = (server.clock, server.paused);
                next.push(paused);
                let machines = server.conns.values_mut().filter_map(|conn| conn.machine.poll_io()?.deadline);
                next.extend(machines.map(|at| clock.world(at).max(paused)));
                next.extend(server.again_at.map(|at| at.max(paused)));
                next.push(server.commits_at.max(paused));
            }
        }
        for process in &mut self.processes {
            let (clock, paused) = (process.clock, process.paused);
            next.push(paused);
            let deadline = if process.link.is_some() {
                process.program.dialer().poll_io().and_then(|io| io.deadline)
            } else if let Step::Wait(until) = process.program.dialer().next_step(clock.local(now)) {
                Some(until)
            } else {
                None
            };
            next.extend(deadline.map(|at| clock.world(at).max(paused)));
        }
        for link in self.links.values() {
            match link.silent_since {
                Some(since) => next.push(since.after(KEEPALIVE)),
                None => next.extend([link.up.next(), link.down.next()].into_iter().flatten()),
            }
        }
        let Some(next) = next.into_iter().filter(|next| *next > now).min() else {
            return Err("nothing can happen any more".to_owned());
        };
        self.now = next;
        self.tally.seconds += next.since_epoch().as_secs() - now.since_epoch().as_secs();
        if self.room_at.is_some_and(|at| at <= next) {
            self.room_at = None;
            self.media.heal();
        }
        for link in self.links.values_mut() {
            if link.silent_since.is_some_and(|since| since.after(KEEPALIVE) <= next) {
                link.silent_since = None;
                link.cut(next, &mut self.rng);
                self.tally.mark(Mark::KeepAlive);
            }
        }
        self.note(|| "time goes on".to_owned(), &[8, u64::from(next.since_epoch().subsec_nanos())]);
        Ok(())
    }
}
