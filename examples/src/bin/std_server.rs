//! A server on threads that keeps the bets of a lottery in memory, in every dialect but `session`:
//!
//! `cargo run -p examples --bin std_server -- 127.0.0.1:12345 5`
//!
//! A connection takes its turn when its socket has something, and every millisecond: so it also sees that another
//! connection has let the draw take place.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Instant as Clock;

use examples::{since, step};
use lottery_proto::server::Event;
use lottery_proto::{ConnId, Dialect, Receipt, Server, ServerConfig, WinnersReply};

/// The number that wins.
const WINNING: u32 = 7574;

/// Bets of all agencies, as a connection sees them.
#[derive(Default)]
struct Lottery {
    agencies: usize,
    /// Document and number of each bet, by agency, in the order in which they came.
    bets: BTreeMap<u32, Vec<(String, u32)>>,
    finished: BTreeSet<u32>,
}

impl Lottery {
    /// Keeps bets, and returns the reply: how many the agency has now.
    fn store(&mut self, agency: u32, bets: lottery_proto::Bets<'_>) -> Receipt<'static> {
        let own = self.bets.entry(agency).or_default();
        own.extend(bets.iter().map(|bet| (bet.document().to_owned(), bet.number())));
        Receipt::Stored { total: own.len() as u64 }
    }

    /// Returns the winners of an agency; `None` before the draw.
    fn winners(&self, agency: u32) -> Option<Vec<String>> {
        let own = self.bets.get(&agency).into_iter().flatten();
        let won = own.filter(|(_, number)| *number == WINNING).map(|(document, _)| document.clone());
        (self.finished.len() == self.agencies).then(|| won.collect())
    }
}

fn serve(
    socket: &TcpStream,
    conn: u64,
    start: Clock,
    lottery: &Mutex<Lottery>,
) -> Result<(), Box<dyn Error>> {
    socket.set_nonblocking(true)?;
    let dialects = Dialect::ALL.iter().copied().filter(|dialect| *dialect != Dialect::Session).collect();
    let config = ServerConfig { dialects, ..ServerConfig::default() };
    let mut server = Server::new(config, ConnId(conn), since(start));
    let mut waiting = None;
    while let Some(io) = server.poll_io() {
        let now = since(start);
        if let Some(input) = step(socket, io, now) {
            server.handle(now, input);
        }
        let mut lottery = lottery.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some(event) = server.poll_event() {
            match event {
                Event::Bet { ticket, bets } => {
                    let receipt = lottery.store(ticket.agency().get(), bets);
                    server.reply(now, ticket, receipt)?;
                }
                Event::Batch { ticket, bets } => {
                    let receipt = lottery.store(ticket.agency().get(), bets);
                    server.reply(now, ticket, receipt)?;
                }
                Event::Finished { ticket } => {
                    lottery.finished.insert(ticket.agency().get());
                    server.reply(now, ticket, Receipt::Stored { total: 0 })?;
                }
                Event::WinnersQuery { ticket, wait } => match lottery.winners(ticket.agency().get()) {
                    Some(winners) => server.reply(now, ticket, WinnersReply::Winners(&winners))?,
                    None if wait => waiting = Some(ticket),
                    None => server.reply(now, ticket, WinnersReply::Pending)?,
                },
                Event::Echo { ticket, line } => {
                    let line = String::from_utf8_lossy(line.0).into_owned();
                    server.reply(now, ticket, lottery_proto::EchoReply(&line))?;
                }
                // A ticket that is dropped is answered with a failure.
                Event::Closed(reason) => println!("connection {conn}: {reason}"),
                other => println!("connection {conn}: {other:?}"),
            }
        }
        if let Some(ticket) = waiting.take() {
            match lottery.winners(ticket.agency().get()) {
                Some(winners) => server.reply(now, ticket, WinnersReply::Winners(&winners))?,
                None => waiting = Some(ticket),
            }
        }
    }
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let listener = TcpListener::bind(arguments.next().unwrap_or_else(|| "127.0.0.1:12345".to_owned()))?;
    let agencies = arguments.next().map_or(Ok(5), |text| text.parse())?;
    println!("listening at {}", listener.local_addr()?);
    let lottery = Arc::new(Mutex::new(Lottery { agencies, ..Lottery::default() }));
    let start = Clock::now();
    for (conn, socket) in (1..).zip(listener.incoming()) {
        let (socket, lottery) = (socket?, Arc::clone(&lottery));
        thread::spawn(move || {
            if let Err(error) = serve(&socket, conn, start, &lottery) {
                println!("connection {conn}: {error}");
            }
        });
    }
    Ok(())
}
