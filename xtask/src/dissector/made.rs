//! Conversations of the machines of `lottery-proto` with each other, in every dialect.

use lottery_proto::server::Event;
use lottery_proto::{
    AgencyId, Bet, Client, ClientConfig, Code, ConnId, Dialect, Failure, HelloReply, Server, ServerConfig,
    WinnersFlow,
};
use lottery_testkit::{Answer, JOSE, PendingRequest, Rng, at, bet, client_events, feed, take};

use super::conversation::Conversation;

/// A client and a server, and what they said.
struct Pair {
    client: Client,
    server: Server,
    said: Conversation,
    stored: u64,
    /// Documents of the winners, once the draw has taken place.
    winners: Option<Vec<String>>,
    /// Failure with which every request is rejected.
    failure: Option<Failure<'static>>,
}

impl Pair {
    fn new(name: &str, dialect: Dialect, agency: u32) -> Self {
        let agency = AgencyId::new(agency).expect("an agency");
        let config = ServerConfig::builder(99_999).build().expect("valid settings");
        Self {
            client: Client::new(
                ClientConfig::builder(agency, dialect).total(44).build().expect("valid settings"),
                at(0),
            ),
            server: Server::new(config, ConnId(1), at(0)),
            said: Conversation::new(format!("{dialect}, {name}"), Some(dialect)),
            stored: 0,
            winners: None,
            failure: None,
        }
    }

    /// Carries bytes until nobody has anything more to say.
    fn exchange(&mut self) {
        loop {
            let sent = take(&mut self.client, at(0));
            feed(&mut self.server, at(0), &sent);
            let more = !sent.is_empty();
            self.said.push(true, sent);
            while let Some(event) = self.server.poll_event() {
                let bets = match &event {
                    Event::Batch { bets, .. } | Event::Bet { bets, .. } => bets.iter().len() as u64,
                    _ => 0,
                };
                if let Some(request) = PendingRequest::of(event) {
                    self.stored += bets;
                    self.answer(request);
                }
            }
            let replied = take(&mut self.server, at(0));
            feed(&mut self.client, at(0), &replied);
            client_events(&mut self.client);
            if !more && replied.is_empty() {
                return;
            }
            self.said.push(false, replied);
        }
    }

    fn answer(&mut self, request: PendingRequest) {
        let accept =
            Answer::Accept { total: self.stored, winners: self.winners.as_deref(), prefix: "Echo: " };
        match request {
            PendingRequest::Hello(ticket) if self.failure.is_none() => {
                let welcome = HelloReply::Welcome { stored: 0, finished: false, digest: 0x32F7_AD7B };
                self.server.reply(at(0), ticket, welcome).expect("a session has it");
            }
            request => {
                let answer = self.failure.map_or(accept, Answer::Reject);
                request.answer(&mut self.server, at(0), answer).expect("its dialect carries the reply");
            }
        }
    }

    fn send(&mut self, bets: &[Bet<'_>]) {
        let mut rest = bets;
        while !rest.is_empty() {
            let sent = self.client.send_batch(at(0), rest).expect("a batch can be sent");
            rest = &rest[sent..];
            self.exchange();
        }
    }

    fn bet(&mut self, bet: &Bet<'_>) {
        self.client.send_bet(at(0), bet).expect("a bet can be sent");
        self.exchange();
    }

    fn finish(&mut self) {
        self.client.send_finished(at(0)).expect("the end can be sent");
        self.exchange();
    }

    fn ask(&mut self) {
        self.client.ask_winners(at(0)).expect("the question can be sent");
        self.exchange();
    }
}

const NAMES: [&str; 8] =
    ["Ana", "José María", "Ñandú", "O'Higgins", "Łukasz", "日本", "de la Cruz", "Ana \"Pi\" <b>&"];

/// Returns payloads of valid bets that every dialect can carry.
fn payloads(rng: &mut Rng, count: usize) -> Vec<String> {
    let payload = |_| {
        let (first, last) = (rng.pick(&NAMES[..6]), rng.pick(&NAMES[..5]));
        let [day, month, year] = [rng.between(1, 28), rng.between(1, 12), rng.between(1900, 2010)];
        let (document, number) = (rng.between(1, 99_999_999), rng.below(10_000));
        format!("{first}|{last}|{document}|{year:04}-{month:02}-{day:02}|{number}")
    };
    (0..count).map(payload).collect()
}

/// Returns conversations in every dialect, made of that seed.
pub(super) fn all(seed: u64) -> Vec<Conversation> {
    let mut rng = Rng::new(seed);
    let mut all = Vec::new();
    for dialect in Dialect::ALL {
        let payloads = payloads(&mut rng, 45);
        let bets: Vec<Bet<'_>> = payloads.iter().map(|payload| bet(payload)).collect();
        if *dialect == Dialect::ECHO {
            all.push(echo());
        } else if dialect.profile().one_message {
            one_message(*dialect, &bets, &mut all);
        } else {
            whole(*dialect, &bets, &mut all);
            rejections(*dialect, &bets, &mut all);
        }
    }
    sessions(&mut all);
    all
}

fn echo() -> Conversation {
    let mut pair = Pair::new("a health check", Dialect::ECHO, 1);
    pair.client.send_line(at(0), "[CLIENT 1] Message N 1").expect("a line can be sent");
    pair.exchange();
    pair.said
}

/// A bet, some bets where one message holds them, and a rejection, each on its connection.
fn one_message(dialect: Dialect, bets: &[Bet<'_>], all: &mut Vec<Conversation>) {
    let failure = Failure { code: Code::Storage, text: "the bets could not be stored" };
    for (name, count, failure) in [("a bet", 1, None), ("bets", 40, None), ("a rejection", 1, Some(failure))]
    {
        let mut pair = Pair { failure, ..Pair::new(name, dialect, 7) };
        pair.client.send_batch(at(0), &bets[..count]).expect("bets can be sent");
        pair.exchange();
        all.push(pair.said);
    }
}

/// A lottery of one agency.
fn whole(dialect: Dialect, bets: &[Bet<'_>], all: &mut Vec<Conversation>) {
    let new_connection = dialect.profile().winners_flow == WinnersFlow::NewConnection;
    let with_finished = dialect.profile().winners_flow == WinnersFlow::WithFinished;
    let documents = |count| Some((0..count).map(|number: u32| (20_000_000 + number).to_string()).collect());
    let mut pair = Pair::new("a lottery", dialect, 3);
    pair.exchange();
    pair.bet(&bets[0]);
    pair.send(&bets[1..4]);
    pair.send(&bets[4..]);
    if with_finished {
        pair.winners = documents(3);
        pair.finish();
        all.push(pair.said);
        return;
    }
    pair.finish();
    if new_connection {
        all.push(pair.said);
        for (name, winners) in [("pending", None), ("winners", documents(3)), ("no winners", documents(0))] {
            let mut pair = Pair { winners, ..Pair::new(name, dialect, 3) };
            pair.ask();
            all.push(pair.said);
        }
        return;
    }
    if !dialect.profile().has_sessions {
        pair.ask();
    }
    // In a session such a list takes three packets.
    for winners in [documents(3), documents(0), documents(if dialect == Dialect::BLOCK { 600 } else { 2000 })]
    {
        pair.winners = winners;
        pair.ask();
    }
    all.push(pair.said);
}

/// Bets that are rejected, and the end after them.
fn rejections(dialect: Dialect, bets: &[Bet<'_>], all: &mut Vec<Conversation>) {
    let mut pair = Pair::new("a rejection", dialect, 3);
    pair.exchange();
    pair.failure = Some(Failure { code: Code::Finished, text: "the agency is finished; \"really\"" });
    pair.client.send_batch(at(0), &bets[..3]).expect("a batch can be sent");
    pair.exchange();
    if pair.client.send_finished(at(0)).is_ok() {
        pair.exchange();
    }
    all.push(pair.said);
}

/// Agencies that headers cannot name, and a Hello that is rejected.
fn sessions(all: &mut Vec<Conversation>) {
    for agency in [255, 256, 99_999] {
        let mut pair = Pair::new(&format!("agency {agency}"), Dialect::SESSION, agency);
        pair.exchange();
        pair.bet(&bet(JOSE));
        pair.send(&[bet(JOSE), bet(JOSE)]);
        pair.finish();
        pair.winners = Some(vec!["20000003".to_owned()]);
        pair.ask();
        all.push(pair.said);
    }
    let failure = Failure { code: Code::TooManyConnections, text: "too many connections" };
    let mut pair = Pair { failure: Some(failure), ..Pair::new("no session", Dialect::SESSION, 1) };
    pair.exchange();
    all.push(pair.said);
}
