//! Results of a stream that arrives in given pieces.

use lottery_proto::server::Event;
use lottery_proto::{
    AgencyId, ClientConfig, Code, ConnId, Dialect, Failure, Input, Server, ServerConfig, State,
};

use super::{DRAWN, Held, Say, YES, ask, give_some, give_until_over};
use crate::common::{at, client_of, heard, take, text};

/// Takes the events that there are, and records them.
fn poll(server: &mut Server, events: &mut Vec<String>, held: &mut Vec<Held>) {
    while let Some(event) = server.poll_event() {
        let mut said = format!("{event:?}");
        match &event {
            Event::Bet { bets, .. } | Event::Batch { bets, .. } => {
                said.extend(bets.iter().map(|bet| text(&bet)));
            }
            Event::Echo { line, .. } => said += &line.0.escape_ascii().to_string(),
            _ => {}
        }
        held.extend(Held::of(event));
        events.push(said);
    }
}

/// Returns the events and the replies of a server that is fed these pieces; its application answers when all
/// of them are there.
pub(crate) fn served(pieces: &[&[u8]], refuse: bool) -> (Vec<String>, Vec<u8>) {
    let config = ServerConfig { max_in_flight: 1000, ..ServerConfig::default() };
    let mut server = Server::new(config, ConnId(1), at(0));
    let (mut events, mut held, mut sent) = (vec![], vec![], vec![]);
    for mut piece in pieces.iter().copied() {
        while give_some(&mut server, &mut piece) {
            poll(&mut server, &mut events, &mut held);
            sent.extend(take(&mut server, at(0)));
        }
    }
    server.handle(at(0), Input::Eof);
    let failure = Failure { code: Code::Storage, text: "no" };
    loop {
        // Sent bytes make room for more requests.
        let before = sent.len();
        sent.extend(take(&mut server, at(0)));
        poll(&mut server, &mut events, &mut held);
        if held.is_empty() && sent.len() == before {
            break;
        }
        for held in held.drain(..) {
            let say = match held {
                Held::Bet(_) | Held::Batch(_) if refuse => Say::No(failure),
                Held::AnonymousWaiter(_) => DRAWN,
                _ => YES,
            };
            held.answer(&mut server, at(0), say).expect("it fits");
        }
    }
    server.handle(at(0), Input::FinSent);
    poll(&mut server, &mut events, &mut held);
    assert_eq!(server.state(), State::Closed);
    (events, sent)
}

/// Returns the events of a client that is fed these pieces, as text.
pub(crate) fn answered(wire: Dialect, question: usize, pieces: &[&[u8]]) -> String {
    let mut client = client_of(wire, 1);
    ask(&mut client, question);
    let bound = ClientConfig::new(AgencyId::new(1).unwrap(), wire).max_memory();
    let mut said = Vec::new();
    for piece in pieces {
        said.extend(give_until_over(&mut client, piece));
        assert!(client.memory() <= bound, "{} > {bound}", client.memory());
    }
    client.handle(at(0), Input::Eof);
    client.handle(at(0), Input::FinSent);
    said.extend(heard(&mut client));
    format!("{said:?}")
}
