//! A client and a server joined by two buffers: no socket, no clock, no thread.
//!
//! `cargo run -p examples --bin in_memory`

use std::collections::VecDeque;
use std::io::{Read, Write};

use lottery_proto::{AgencyId, Bet, BetFields, Client, ClientConfig, ConnId, Dialect, Input, Instant, Io};
use lottery_proto::{Receipt, Server, ServerConfig, client, server};

/// Moves bytes between a machine and its two buffers, and returns the inputs to report.
fn drive(io: Io<'_>, out: &mut VecDeque<u8>, back: &mut VecDeque<u8>) -> Vec<Input> {
    let Io { recv, send, .. } = io;
    let sent = out.write(send).expect("a buffer takes everything");
    let received = back.read(recv).expect("a buffer does not fail");
    let inputs = [Input::Sent(sent), Input::Received(received)];
    inputs.into_iter().filter(|input| !matches!(input, Input::Sent(0) | Input::Received(0))).collect()
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (now, agency) = (Instant::default(), AgencyId::new(1).ok_or("an agency has a number from 1 on")?);
    let mut client = Client::new(ClientConfig::new(agency, Dialect::FRAMED).expect("valid settings"), now);
    let mut server = Server::new(ServerConfig::builder(5).build().unwrap(), ConnId(1), now);
    let (mut up, mut down) = (VecDeque::new(), VecDeque::new());
    let fields = BetFields {
        first_name: "Ana",
        last_name: "Paz",
        document: "20000001",
        birthdate: "1980-01-01",
        number: "7574",
    };
    client.send_batch(now, &[Bet::new(fields)?])?;
    let mut winners = Vec::new();
    while let (true, Some(from_client)) = (winners.is_empty(), client.poll_io()) {
        for input in drive(from_client, &mut up, &mut down) {
            client.handle(now, input);
        }
        let Some(from_server) = server.poll_io() else { break };
        for input in drive(from_server, &mut down, &mut up) {
            server.handle(now, input);
        }
        match server.poll_event() {
            Some(server::Event::Batch { ticket, .. } | server::Event::Finished { ticket, .. }) => {
                server.reply(now, ticket, Receipt::Stored { total: 1 })?;
            }
            Some(server::Event::WinnersQuery { ticket, .. }) => {
                server.reply_winners(now, ticket, &["20000001"])?;
            }
            _ => {}
        }
        match client.poll_event() {
            Some(client::Event::Batch(Ok(_))) => client.send_finished(now)?,
            Some(client::Event::Winners(documents)) => winners.extend(documents.map(str::to_owned)),
            _ => {}
        }
    }
    println!("winners: {winners:?}");
    Ok(())
}
