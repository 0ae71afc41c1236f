//! Invariants for any input: memory has a bound, accepted messages can be sent again, the same bytes mean the
//! same wherever they are cut. Inputs come from chance in tests, and from a fuzzer elsewhere.

mod pieces;

use std::sync::Arc;

use lottery_proto::server::Event;
use lottery_proto::{AgencyId, Bet, Client, ConnId, Dialect, Input, Receipt, Server, ServerConfig, State};

use crate::bets::{ANA, bet};
use crate::events::{ClientEvent, client_events};
use crate::machines::{at, client_of, give, take};
use crate::requests::{ACCEPT, DRAWN, PendingRequest};

pub use pieces::{answered, served};

/// Feeds as many bytes as the server takes. Returns true if it may take more later.
pub fn give_some(server: &mut Server, bytes: &mut &[u8]) -> bool {
    let Some(io) = server.poll_io() else { return false };
    let n = io.recv.len().min(bytes.len());
    io.recv[..n].copy_from_slice(&bytes[..n]);
    *bytes = &bytes[n..];
    if n > 0 {
        server.handle(at(0), Input::Received(n));
    }
    n > 0
}

/// Feeds the client all bytes, or as many as it takes until its connection is over, and returns its events.
pub fn give_until_over(client: &mut Client, mut bytes: &[u8]) -> Vec<ClientEvent> {
    let mut events = Vec::new();
    while client.state() == State::Open && !bytes.is_empty() {
        let recv = client.poll_io().unwrap().recv;
        let n = recv.len().min(bytes.len());
        assert!(n > 0, "as long as it is open it reads");
        recv[..n].copy_from_slice(&bytes[..n]);
        bytes = &bytes[n..];
        client.handle(at(0), Input::Received(n));
        events.extend(client_events(client));
    }
    events
}

/// Sends accepted bets again, checks that they mean the same, and returns the bytes sent.
pub fn is_stable(dialect: Dialect, agency: u32, bets: &[Bet<'_>]) -> Vec<u8> {
    let mut rest = bets;
    let mut all = Vec::new();
    let config = Arc::new(ServerConfig::builder(AgencyId::MAX).build().unwrap());
    let machines = || (client_of(dialect, agency), Server::new(Arc::clone(&config), ConnId(2), at(0)));
    let (mut client, mut server) = machines();
    while !rest.is_empty() {
        if dialect.profile().one_message {
            (client, server) = machines();
        }
        let taken = client.send_batch(at(0), rest).expect("what was accepted can be sent");
        let sent = take(&mut client, at(0));
        give(&mut server, at(0), &sent);
        let Some(Event::Batch { ticket, bets, .. } | Event::Bet { ticket, bets, .. }) = server.poll_event()
        else {
            panic!("{dialect}")
        };
        assert!(bets.iter().eq(rest[..taken].iter().copied()), "{}", sent.escape_ascii());
        server.reply(at(0), ticket, Receipt::Stored { total: 0 }).unwrap();
        let answer = take(&mut server, at(0));
        give(&mut client, at(0), &answer);
        while client.poll_event().is_some() {}
        rest = &rest[taken..];
        all.extend(sent);
    }
    all
}

/// Feeds the server all bytes, with an application that answers at once, and returns the number of accepted
/// batches; also of accepted bets, if a connection carries one message.
pub fn serve(dialect: Dialect, config: &ServerConfig, bytes: &[u8]) -> usize {
    let mut server = Server::new(config.clone(), ConnId(1), at(0));
    let bound = config.max_memory();
    let mut rest = bytes;
    let mut batches = 0;
    loop {
        let more = give_some(&mut server, &mut rest);
        assert!(server.memory() <= bound, "{} > {bound}", server.memory());
        // Damage and noise may be of another dialect. A session would have to be opened.
        let is_checked = server.dialect() == Some(dialect) && !dialect.profile().has_sessions;
        while let Some(event) = server.poll_event() {
            if let Event::Batch { agency, bets, .. } | Event::Bet { agency, bets, .. } = &event
                && is_checked
            {
                is_stable(dialect, agency.get(), &bets.iter().collect::<Vec<_>>());
            }
            let one_message = dialect.profile().one_message;
            batches += usize::from(match event {
                Event::Batch { .. } => true,
                Event::Bet { .. } => one_message,
                _ => false,
            });
            let answer = if matches!(event, Event::AnonymousWaiter { .. }) { DRAWN } else { ACCEPT };
            if let Some(request) = PendingRequest::of(event) {
                request.answer(&mut server, at(0), answer).expect("it fits");
            }
        }
        assert!(server.memory() <= bound, "{} > {bound}", server.memory());
        let _ = take(&mut server, at(0));
        if !more {
            break;
        }
    }
    let is_over = server.poll_io().is_none();
    assert!(rest.is_empty() || is_over, "whatever comes is read, or the connection is over");
    server.handle(at(0), Input::Eof);
    loop {
        while let Some(event) = server.poll_event() {
            if let Some(request) = PendingRequest::of(event) {
                request.answer(&mut server, at(0), DRAWN).expect("it fits");
            }
        }
        // Sent bytes make room for more requests.
        if take(&mut server, at(0)).is_empty() {
            break;
        }
    }
    server.handle(at(0), Input::FinSent);
    assert_eq!(server.state(), State::Closed);
    batches
}

/// Sends the request with that number: a batch, a bet, Finished, or a query for the winners; a line where the
/// dialect has none of them.
pub fn send_request(client: &mut Client, request: usize) {
    let bets = [bet(ANA)];
    let sent = match request {
        0 => client.send_batch(at(0), &bets).map(|_| ()),
        1 => client.send_bet(at(0), &bets[0]),
        2 => client.send_finished(at(0)),
        _ => client.ask_winners(at(0)),
    };
    if sent.is_err() {
        let _ = client.send_line(at(0), "hola");
    }
    let _ = take(client, at(0));
}
