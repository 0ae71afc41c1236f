//! Machines inside TLS: a server that stores what comes, and a client that sends a batch and waits for the draw.

use std::io;

use lottery_proto::client::Event as ClientEvent;
use lottery_proto::server::Event as ServerEvent;
use lottery_proto::{
    AgencyId, BetVec, Client, ClientConfig, CloseReason, Code, ConnId, Dialect, Endpoint, Failure, Input,
    Instant, Io, Server, ServerConfig,
};
use lottery_runtime::{Dialer, Machine, Secured, Step, Target};
use lottery_testkit::{Answer, PendingRequest, at};

/// Documents of the winners of every agency.
const WINNERS: &[&str] = &["20000001", "20000003"];

/// Server inside TLS.
#[derive(Debug)]
pub(crate) struct Storing {
    pub(crate) server: Server,
    pub(crate) agency: Option<AgencyId>,
    pub(crate) is_refused: bool,
    /// Numbers of the agencies whose bets came, once for each bet.
    pub(crate) stored: Vec<u32>,
    pub(crate) closed: Option<CloseReason>,
}

impl Storing {
    pub(crate) fn new() -> Self {
        let config = ServerConfig::builder(5).build().unwrap();
        Self::with(config)
    }

    pub(crate) fn with(config: ServerConfig) -> Self {
        let server = Server::new(config, ConnId(1), at(0));
        Self { server, agency: None, is_refused: false, stored: vec![], closed: None }
    }

    fn take_events(&mut self, now: Instant) {
        self.server.set_time(now);
        loop {
            let request = match self.server.poll_event() {
                None => return,
                Some(ServerEvent::Closed(reason)) => {
                    assert_eq!(self.closed.replace(reason), None, "it ends once");
                    continue;
                }
                Some(ServerEvent::Rejected { .. }) => continue,
                Some(event) => {
                    if let ServerEvent::Batch { agency, bets, .. } | ServerEvent::Bet { agency, bets, .. } =
                        &event
                    {
                        self.stored.extend(bets.into_iter().map(|_| agency.get()));
                    }
                    PendingRequest::of(event).unwrap()
                }
            };
            let winners: Vec<String> = WINNERS.iter().map(|&document| document.to_owned()).collect();
            let total = self.stored.len() as u64;
            let answer = Answer::Accept { total, winners: Some(&winners), prefix: "" };
            request.answer(&mut self.server, now, answer).unwrap();
        }
    }
}

impl Endpoint for Storing {
    fn poll_io(&mut self) -> Option<Io<'_>> {
        self.server.poll_io()
    }

    fn resets(&self) -> bool {
        self.server.resets()
    }

    fn handle(&mut self, now: Instant, input: Input) {
        self.server.handle(now, input);
        self.take_events(now);
    }
}

impl Machine for Storing {
    type Notice = ();

    fn notice(&mut self, now: Instant, (): ()) {
        self.take_events(now);
    }
}

impl Secured for Storing {
    fn identified(&mut self, _: Instant, agency: AgencyId) {
        assert_eq!(self.agency.replace(agency), None);
        self.server.speaks_for(agency);
    }

    fn refuse_plain(&mut self, now: Instant) {
        self.is_refused = true;
        self.server.reject(now, Failure { code: Code::Malformed, text: "TLS is spoken here" });
    }
}

/// Client inside TLS, for one connection.
#[derive(Debug)]
pub(crate) struct Sending {
    config: ClientConfig,
    bets: BetVec,
    sent: usize,
    has_finished: bool,
    client: Option<Client>,
    pub(crate) connections: usize,
    pub(crate) acknowledged: usize,
    pub(crate) winners: Option<Vec<String>>,
    pub(crate) not_connected: Option<String>,
    pub(crate) closed: Option<CloseReason>,
    pub(crate) is_stopped: bool,
}

impl Sending {
    pub(crate) fn new(agency: u32, dialect: Dialect, bets: BetVec) -> Self {
        let config = ClientConfig::new(AgencyId::new(agency).unwrap(), dialect).unwrap();
        Self {
            config,
            bets,
            sent: 0,
            has_finished: false,
            client: None,
            connections: 0,
            acknowledged: 0,
            winners: None,
            not_connected: None,
            closed: None,
            is_stopped: false,
        }
    }

    fn advance(&mut self, now: Instant) {
        let Some(client) = &mut self.client else { return };
        loop {
            while let Some(event) = client.poll_event() {
                match event {
                    ClientEvent::Batch(Ok(_)) => self.acknowledged += 1,
                    ClientEvent::Winners(documents) => {
                        let is_last = documents.is_last();
                        self.winners.get_or_insert_default().extend(documents.map(str::to_owned));
                        if is_last {
                            client.close(now);
                        }
                    }
                    ClientEvent::Closed(reason) => {
                        assert_eq!(self.closed.replace(reason), None, "it ends once");
                    }
                    _ => {}
                }
            }
            let rest = self.bets.slice(self.sent, self.bets.len());
            let done = if self.sent < self.bets.len() {
                client.send_batch_of(now, rest).map(|sent| self.sent += sent)
            } else if !self.has_finished {
                client.send_finished(now).map(|()| self.has_finished = true)
            } else {
                return;
            };
            if done.is_err() {
                return;
            }
        }
    }
}

impl Endpoint for Sending {
    fn poll_io(&mut self) -> Option<Io<'_>> {
        self.client.as_mut()?.poll_io()
    }

    fn handle(&mut self, now: Instant, input: Input) {
        self.is_stopped |= input == Input::Shutdown;
        if let Some(client) = &mut self.client {
            client.handle(now, input);
        }
        self.advance(now);
    }
}

impl Machine for Sending {
    type Notice = ();

    fn notice(&mut self, now: Instant, (): ()) {
        self.advance(now);
    }
}

impl Dialer for Sending {
    fn next_step(&mut self, now: Instant) -> Step {
        let is_done = self.is_stopped || self.connections > 0 || self.not_connected.is_some();
        let target = || Target::new("server:1", std::time::Duration::from_secs(1), now, now);
        if is_done { Step::Done } else { Step::Connect(target()) }
    }

    fn connected(&mut self, now: Instant) {
        self.connections += 1;
        self.client = Some(Client::new(self.config.clone(), now));
        self.advance(now);
    }

    fn not_connected(&mut self, _: Instant, error: &io::Error) {
        assert_eq!(self.not_connected.replace(error.to_string()), None, "it is told once");
    }
}
