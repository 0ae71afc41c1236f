//! Results of a stream that arrives in given pieces.

use lottery_proto::server::Event;
use lottery_proto::{
    AgencyId, ClientConfig, Code, ConnId, Dialect, Failure, Input, Server, ServerConfig, State,
};

use super::{give_some, give_until_over, send_request};
use crate::bets::text;
use crate::events::client_events;
use crate::machines::{at, client_of, take};
use crate::requests::{ACCEPT, Answer, DRAWN, PendingRequest};

/// Takes the events that there are, and records them.
fn poll(server: &mut Server, events: &mut Vec<String>, requests: &mut Vec<PendingRequest>) {
    while let Some(event) = server.poll_event() {
        let mut described = format!("{event:?}");
        match &event {
            Event::Bet { bets, .. } | Event::Batch { bets, .. } => {
                described.extend(bets.iter().map(|bet| text(&bet)));
            }
            Event::Echo { line, .. } => described += &line.0.escape_ascii().to_string(),
            _ => {}
        }
        requests.extend(PendingRequest::of(event));
        events.push(described);
    }
}

/// Returns the events and the replies of a server that is fed these pieces; its application answers when all
/// of them are there.
pub fn served(pieces: &[&[u8]], reject: bool) -> (Vec<String>, Vec<u8>) {
    let config = ServerConfig::builder(5).max_in_flight(1000).build().unwrap();
    let mut server = Server::new(config, ConnId(1), at(0));
    let (mut events, mut requests, mut sent) = (vec![], vec![], vec![]);
    for mut piece in pieces.iter().copied() {
        while give_some(&mut server, &mut piece) {
            poll(&mut server, &mut events, &mut requests);
            sent.extend(take(&mut server, at(0)));
        }
    }
    server.handle(at(0), Input::Eof);
    let failure = Failure { code: Code::Storage, text: "no" };
    loop {
        // Sent bytes make room for more requests.
        let before = sent.len();
        poll(&mut server, &mut events, &mut requests);
        sent.extend(take(&mut server, at(0)));
        if requests.is_empty() && sent.len() == before {
            break;
        }
        for request in requests.drain(..) {
            let answer = match request {
                PendingRequest::Bet(_) | PendingRequest::Batch(_) if reject => Answer::Reject(failure),
                PendingRequest::AnonymousWaiter(_) => DRAWN,
                _ => ACCEPT,
            };
            request.answer(&mut server, at(0), answer).expect("it fits");
        }
    }
    server.handle(at(0), Input::FinSent);
    poll(&mut server, &mut events, &mut requests);
    assert_eq!(server.state(), State::Closed);
    (events, sent)
}

/// Returns the events of a client that is fed these pieces, as text.
pub fn answered(dialect: Dialect, request: usize, pieces: &[&[u8]]) -> String {
    let mut client = client_of(dialect, 1);
    send_request(&mut client, request);
    let bound = ClientConfig::new(AgencyId::new(1).unwrap(), dialect).unwrap().max_memory();
    let mut events = Vec::new();
    for piece in pieces {
        events.extend(give_until_over(&mut client, piece));
        assert!(client.memory() <= bound, "{} > {bound}", client.memory());
    }
    client.handle(at(0), Input::Eof);
    client.handle(at(0), Input::FinSent);
    events.extend(client_events(&mut client));
    format!("{events:?}")
}
