//! A client that sends the bets of an agency on `framed`, and prints its winners:
//!
//! `cargo run -p examples --bin std_agency -- 127.0.0.1:12345 1 .data/agency-1.csv`
//!
//! It reads plain lines `first_name,last_name,document,birthdate,number`, without quotes.

use std::error::Error;
use std::net::TcpStream;
use std::time::Instant as Clock;

use examples::{since, step};
use lottery_proto::client::Event;
use lottery_proto::{AgencyId, Bet, Client, ClientConfig, CloseReason, Dialect};

/// Returns the bet of a line, borrowed from it.
fn bet(line: &str) -> Result<Bet<'_>, Box<dyn Error>> {
    let fields: Vec<&str> = line.split(',').collect();
    let [first_name, last_name, document, birthdate, number] = fields[..] else {
        return Err(format!("{} fields, expected 5", fields.len()).into());
    };
    Ok(Bet::new([first_name, last_name, document, birthdate, number])?)
}

/// Returns the bets of a file, borrowed from its text.
fn bets(text: &str) -> Result<Vec<Bet<'_>>, String> {
    let numbered = (1..).zip(text.lines());
    numbered.map(|(line, text)| bet(text).map_err(|error| format!("line {line}: {error}"))).collect()
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let mut argument = || arguments.next().ok_or("usage: std_agency ADDRESS AGENCY FILE");
    let (address, agency, file) = (argument()?, argument()?.parse()?, argument()?);
    let agency = AgencyId::new(agency).ok_or("an agency has a number from 1 on")?;
    let text = std::fs::read_to_string(&file).map_err(|error| format!("{file}: {error}"))?;
    let bets = bets(&text).map_err(|error| format!("{file}: {error}"))?;

    let socket = TcpStream::connect(&address).map_err(|error| format!("{address}: {error}"))?;
    socket.set_nonblocking(true)?;
    let start = Clock::now();
    let mut client =
        Client::new(ClientConfig::new(agency, Dialect::FRAMED).expect("valid settings"), since(start));
    let (mut sent, mut finished) = (0, false);
    while let Some(io) = client.poll_io() {
        let now = since(start);
        if let Some(input) = step(&socket, io, now) {
            client.handle(now, input);
        }
        while let Some(event) = client.poll_event() {
            match event {
                Event::Batch(Err(rejected)) => return Err(rejected.to_string().into()),
                Event::Winners(documents) => {
                    let winners: Vec<&str> = documents.collect();
                    println!("agency {}: {sent} bets, winners: {}", agency.get(), winners.join(" "));
                    client.close(now);
                }
                Event::Closed(reason) if reason != CloseReason::Done => return Err(reason.into()),
                _ => {}
            }
        }
        if client.can_send() && sent < bets.len() {
            sent += client.send_batch(now, &bets[sent..])?;
        } else if client.can_send() && !finished {
            // On `framed` it asks for the winners, too.
            client.send_finished(now)?;
            finished = true;
        }
    }
    Ok(())
}
