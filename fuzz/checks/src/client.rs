//! Client under a stream of inputs, and an application that sends, asks and ends at any time.

use lottery_proto::client::Event;
use lottery_proto::{AgencyId, Bet, Client, ClientConfig, Input, SendError, State};
use lottery_testkit::{ANA, BLOCK, JOSE, at, bet};

use crate::dialects::client_dialect;
use crate::driver::{Driver, Finish};
use crate::feed::Feed;

/// Limit of unsent bytes, beyond which the client takes nothing more to send.
const UNSENT: usize = 20_000;

/// Runs a client. `data` is a byte that chooses the dialect by its lower five bits, then steps: a byte each, followed by the
/// arguments of some.
pub fn run(data: &[u8]) {
    let mut feed = Feed(data);
    let Some(first) = feed.byte() else { return };
    let dialect = client_dialect(first);
    let config = ClientConfig::builder(AgencyId::new(1).expect("an agency"), dialect);
    let max_message = BLOCK << (first / 32 % 4);
    let config = config.max_unsent(UNSENT).max_message(max_message).max_answer(max_message).max_batch(BLOCK);
    let config = config.build().expect("valid settings");
    let bound = config.max_memory();
    let driver = Driver::new(Client::new(config, at(0)));
    let mut run = Run { driver, bets: vec![bet(ANA), bet(JOSE)], closed: 0 };
    while let Some(step) = feed.byte() {
        run.step(step, &mut feed);
        assert!(run.driver.end.unsent() <= UNSENT + BLOCK, "{}", run.driver.end.unsent());
        let memory = run.driver.end.memory();
        assert!(memory <= bound, "{memory} bytes, more than {bound}");
    }
    run.finish(first >= 128);
}

struct Run {
    driver: Driver<Client>,
    bets: Vec<Bet<'static>>,
    closed: u32,
}

impl Finish for Run {
    type End = Client;

    fn driver(&mut self) -> &mut Driver<Client> {
        &mut self.driver
    }

    fn state(&mut self) -> State {
        self.driver.end.state()
    }

    fn poll(&mut self) {
        Self::poll(self);
    }

    fn ends(&self) -> u32 {
        self.closed
    }
}

impl Run {
    fn step(&mut self, step: u8, feed: &mut Feed<'_>) {
        if self.driver.step(step, feed) {
            return;
        }
        let (argument, now) = (usize::from(step % 16), self.driver.now);
        match step / 16 {
            11 => (0..=argument).for_each(|_| self.poll()),
            12 | 13 => self.ask(argument),
            14 => {
                let count = 1 << argument.min(9);
                let bets: Vec<Bet<'static>> = self.bets.iter().copied().cycle().take(count).collect();
                let could = self.driver.end.can_send();
                match self.driver.end.send_batch(now, &bets) {
                    Ok(sent) => assert!(could && sent > 0 && sent <= count),
                    Err(error) => assert!(!could || error == SendError::NotInDialect, "{error}"),
                }
            }
            _ => self.driver.end.close(now),
        }
    }

    fn ask(&mut self, what: usize) {
        let (client, now) = (&mut self.driver.end, self.driver.now);
        let (could, open) = (client.can_send(), client.state() == State::Open);
        let asked = match what % 4 {
            0 => client.send_bet(now, &self.bets[0]),
            1 => client.send_finished(now),
            2 => client.ask_winners(now),
            _ => client.send_line(now, "hola"),
        };
        assert!(asked.is_err() || (open && could), "it said that it would not");
        assert!(asked != Err(SendError::Closed) || !open);
    }

    fn poll(&mut self) {
        let Some(event) = self.driver.end.poll_event() else { return };
        assert_eq!(self.closed, 0, "Closed is the last event");
        match event {
            Event::Closed(_) => self.closed += 1,
            Event::Winners(mut documents) => {
                assert_eq!(documents.len(), documents.clone().count());
                let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
                assert!(documents.all(|text| (1..=20).contains(&text.len()) && digits(text)));
            }
            _ => {}
        }
    }

    /// Ends the connection: the server ends its side, or is silent and takes nothing while the client is
    /// done.
    fn finish(&mut self, silent: bool) {
        if silent {
            self.driver.end.close(self.driver.now);
        } else {
            self.driver.tell(Input::Eof);
        }
        self.wind_up(silent);
        assert!(self.driver.end.poll_event().is_none());
        assert_eq!(self.driver.end.send_finished(self.driver.now), Err(SendError::Closed));
    }
}
