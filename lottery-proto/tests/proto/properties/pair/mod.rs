//! Server and client in virtual time, joined by pipes of one byte and more: both end well wherever the stream
//! is cut. When nothing moves, time steps to the very next deadline: a deadlock shows as a timeout.

mod client;
mod server;

use std::collections::VecDeque;
use std::time::Duration;

use lottery_proto::{
    AgencyId, Client, ClientConfig, CloseReason, ConnId, Dialect, Input, Server, ServerConfig, SocketError,
    Violation, WinnersFlow,
};

use client::{ClientSide, Task};
use lottery_testkit::{BLOCK, Pipe, Rng, at, drive};
use server::{ServerSide, winners};

/// Runs a conversation to its end, and returns the number of steps.
fn run(dialect: Dialect, seed: u64, pipe: usize, tasks: usize) -> usize {
    let mut rng = Rng::new(seed);
    let mut number = 0;
    let mut new_bet = |rng: &mut Rng| {
        number += 1;
        let won = if rng.one_in(30) { 7574 } else { rng.index(7000) };
        let name = *rng.pick(&["Ana", "José María", "Ñandú", "de la Cruz"]);
        format!("{name}|Paz|{number}|1980-01-01|{won}")
    };
    // Bets with a reply each make the most traffic in the other direction.
    let alone = *rng.pick(&[1, 2, 10]);
    // Each bet has a connection of its own.
    let tasks = if dialect.profile().one_bet { tasks.div_ceil(4) } else { tasks };
    let mut all = VecDeque::new();
    for _ in 0..tasks {
        all.push_back(if rng.index(10) < alone {
            Task::Bet(new_bet(&mut rng))
        } else {
            let count = if rng.one_in(8) { 1 + rng.index(300) } else { 1 + rng.index(20) };
            Task::Batch((0..count).map(|_| new_bet(&mut rng)).collect())
        });
    }
    let bets: Vec<String> = all
        .iter()
        .flat_map(|task| match task {
            Task::Batch(bets) => bets.clone(),
            Task::Bet(bet) => vec![bet.clone()],
            Task::Finished => vec![],
        })
        .collect();
    let single = all.iter().filter(|task| matches!(task, Task::Bet(_))).count();
    let profile = dialect.profile();
    all.extend(profile.has_finished.then_some(Task::Finished));

    let max_unsent = *rng.pick(&[1, BLOCK, 64 * 1024]);
    let config = ClientConfig::builder(AgencyId::new(1).unwrap(), dialect);
    let config = config.max_unsent(max_unsent).build().unwrap();
    let mut client_side = ClientSide {
        client: Client::new(config.clone(), at(0)),
        profile,
        leaves: Dialect::EARLIER.contains(&dialect),
        tasks: all,
        ask_at: None,
        may_ask: profile.winners_flow == WinnersFlow::SameConnection,
        pause: Duration::from_secs(1),
        acks: 0,
        finished: None,
        winners: None,
        closed: None,
        in_flight: vec![],
        acknowledged: vec![],
    };
    if client_side.tasks.is_empty() {
        client_side.client.close(at(0));
    }
    let max_in_flight = 1 + rng.index(32);
    let max_buffer = *rng.pick(&[BLOCK, 12_000, 256 * 1024]);
    let answering =
        |spoken: &Dialect| if dialect == Dialect::FIXED_6 { spoken.answering_ok() } else { *spoken };
    let server_config = ServerConfig::builder(5)
        .dialects(Dialect::ALL.iter().map(answering).collect())
        .max_in_flight(max_in_flight)
        .max_buffer(max_buffer)
        .build()
        .unwrap();
    let mut server_side = ServerSide {
        server: Server::new(server_config.clone(), ConnId(1), at(0)),
        rng: Rng::new(seed + 1),
        held: vec![],
        late: rng.one_in(2),
        rejects: rng.one_in(4),
        pendings: rng.index(7),
        stored: vec![],
        rejected: (0, 0),
        closed: None,
    };
    let (mut up, mut down) = (Pipe::new(pipe), Pipe::new(pipe));
    let mut now = at(0);
    let mut steps = 0;
    loop {
        let over = client_side.closed.is_some() && server_side.closed.is_some();
        let elsewhere = profile.winners_flow == WinnersFlow::NewConnection && client_side.ask_at.is_some();
        let more = profile.one_message && !client_side.tasks.is_empty();
        if over && !(elsewhere || more) {
            break;
        }
        if over {
            // Each query, or each message, has a connection of its own.
            let reasons = (client_side.closed.take(), server_side.closed.take());
            let (all, earlier) = server_side.rejected;
            assert_eq!(reasons, expected_ends(dialect, all > earlier), "{dialect}, seed {seed}");
            server_side.rejected = (all, all);
            now = client_side.ask_at.map_or(now, |at| at.max(now));
            client_side.client = Client::new(config.clone(), now);
            client_side.may_ask = true;
            server_side.server = Server::new(server_config.clone(), ConnId(1), now);
            (up, down) = (Pipe::new(pipe), Pipe::new(pipe));
        }
        steps += 1;
        assert!(steps < 200_000 + 4 * tasks * 3 * BLOCK / pipe, "seed {seed}: it does not end");
        client_side.run(now);
        server_side.run(now);
        let first = drive(&mut client_side.client, &mut up, &mut down, now, &mut rng);
        let second = drive(&mut server_side.server, &mut down, &mut up, now, &mut rng);
        if first || second {
            continue;
        }
        let deadlines = [
            client_side.client.poll_io().and_then(|io| io.deadline),
            server_side.server.poll_io().and_then(|io| io.deadline),
            client_side.ask_at.filter(|_| profile.winners_flow == WinnersFlow::SameConnection),
            server_side.held.iter().map(|held| held.0).min(),
        ];
        now = deadlines.into_iter().flatten().min().map_or(now, |next| next.max(now));
        client_side.client.handle(now, Input::Timeout);
        server_side.server.handle(now, Input::Timeout);
    }
    let context =
        format!("{dialect}, seed {seed}, {now:?}: {:?} {:?}", client_side.client, server_side.server);
    let (all, earlier) = server_side.rejected;
    if all > 0 {
        assert!(server_side.stored.len() < bets.len(), "{context}");
    } else {
        assert_eq!(server_side.stored, bets, "{context}");
    }
    let spoken = at_the_server(dialect);
    if all > 0 && spoken == Dialect::FIXED {
        // The server closes at the first rejection.
        assert_eq!(
            (client_side.winners, server_side.closed),
            (None, Some(CloseReason::Rejected)),
            "{context}"
        );
        return steps;
    }
    if all > 0 && dialect == Dialect::FRAMED {
        // END gets no reply.
        assert_eq!(client_side.winners, None, "{context}");
        assert_eq!(client_side.closed, Some(CloseReason::Peer(Violation::Unanswered)), "{context}");
        return steps;
    }
    let ends = expected_ends(dialect, all > earlier);
    assert_eq!((client_side.closed, server_side.closed), ends, "{context}");
    if profile.one_message {
        assert_eq!(client_side.acknowledged, server_side.stored, "{context}");
    } else {
        // Bets alone are acknowledged in dialects that acknowledge them.
        assert_eq!(client_side.acks, if profile.answers_bets { single } else { 0 }, "{context}");
    }
    // Finished is rejected on the connection of a rejected batch.
    let replied = profile.has_finished && profile.winners_flow != WinnersFlow::WithFinished;
    let finished = replied.then_some(all == 0 || profile.one_message);
    assert_eq!(client_side.finished, finished, "{context}");
    let asks = profile.winners_flow == WinnersFlow::SameConnection
        || WinnersFlow::WithFinished == profile.winners_flow
        || finished == Some(true);
    let won = (profile.winners_flow != WinnersFlow::Never && asks).then(|| winners(&server_side.stored));
    assert_eq!(client_side.winners, won, "{context}");
    steps
}

/// Returns the dialect that a client's is for a server: another one, if it is made for earlier servers.
fn at_the_server(dialect: Dialect) -> Dialect {
    dialect.name().split('-').next().expect("a name").parse().expect("a dialect")
}

/// Returns the reasons that client and server have for the end of a connection, on which something was rejected or not.
fn expected_ends(dialect: Dialect, rejected: bool) -> (Option<CloseReason>, Option<CloseReason>) {
    if !(rejected && at_the_server(dialect).profile().one_message) {
        return (Some(CloseReason::Done), Some(CloseReason::Done));
    }
    let client = match dialect.name() {
        "short" => CloseReason::Peer(Violation::Unanswered),
        "columns" => CloseReason::Lost(SocketError::Reset),
        _ => CloseReason::Done,
    };
    (Some(client), Some(CloseReason::Rejected))
}

/// Dialects but `block` and `session`.
const OTHERS: [Dialect; 12] = [
    Dialect::FIXED,
    Dialect::FRAMED,
    Dialect::BRACES,
    Dialect::SHORT,
    Dialect::COLUMNS,
    Dialect::LINE,
    Dialect::BARE,
    Dialect::BLOCK_6,
    Dialect::BLOCK_7,
    Dialect::FIXED_6,
    Dialect::FRAMED_6,
    Dialect::BRACES_7,
];

#[test]
fn server_and_client_finish_over_any_pipe() {
    let mut steps = 0;
    for seed in 0..800 {
        let mut rng = Rng::new(seed << 32);
        let dialect = if seed % 2 == 0 { Dialect::BLOCK } else { *rng.pick(&OTHERS) };
        let pipe = *rng.pick(&[100, 1_000, 8_191, 8_192, 8_193, 20_000]);
        steps += run(dialect, seed, pipe, rng.index(60));
    }
    println!("{steps} steps");
}

#[test]
fn server_and_client_finish_over_pipes_of_a_few_bytes() {
    for (seed, pipe, tasks) in
        [(1, 1, 2), (2, 1, 3), (3, 2, 4), (4, 3, 5), (5, 5, 6), (6, 7, 15), (7, 11, 20)]
    {
        run(Dialect::BLOCK, seed, pipe, tasks);
        for dialect in &OTHERS {
            for more in 0..8 {
                run(*dialect, 100 * more + seed, pipe, tasks);
            }
        }
    }
}
