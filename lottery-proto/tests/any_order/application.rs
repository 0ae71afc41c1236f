//! The application behind the server: it takes requests one by one, and answers any of them in any way.

use lottery_proto::server::{Event, RefusedBy};
use lottery_proto::{Batch, Finished, Receipt, ReplyError, SingleBet, Ticket, WinnersQuery, WinnersReply};

use crate::common::{BATCH_ACK, BET_ACK, WINNER, block};
use crate::server::{REFUSED, Run};

/// A request that is not answered.
pub(super) enum Held {
    Bet(Ticket<SingleBet>),
    Batch(Ticket<Batch>),
    Finished(Ticket<Finished>),
    Winners(Ticket<WinnersQuery>),
}

impl Run {
    pub(super) fn poll(&mut self) {
        let n = self.answers.len();
        let Some(event) = self.server.poll_event() else { return };
        assert_eq!(self.closed, 0, "Closed is the last event");
        let held = match event {
            Event::Bet { ticket, bets } => {
                let document = bets.iter().next().unwrap().document().to_string();
                assert!(self.off || document == n.to_string());
                Held::Bet(ticket)
            }
            Event::Batch { ticket, bets } => {
                assert!(self.off || bets.iter().all(|bet| bet.document() == n.to_string()));
                Held::Batch(ticket)
            }
            Event::Finished { ticket } => Held::Finished(ticket),
            Event::WinnersQuery { ticket, .. } => Held::Winners(ticket),
            Event::Refused { error: RefusedBy::EarlierBets, .. } => {
                return self.answers.push(Some(block(BATCH_ACK, 1, b"0")));
            }
            Event::Refused { error: RefusedBy::Malformed(error), .. } => {
                let alone = error.offset == 4;
                return self.answers.push(Some(if alone { block(BET_ACK, 1, b"1|1|0") } else { vec![] }));
            }
            Event::Closed(_) => {
                self.closed += 1;
                return;
            }
            other => panic!("{other:?}"),
        };
        self.answers.push(None);
        self.held.push((n, held));
    }

    pub(super) fn reply(&mut self, n: usize, held: Held, how: usize) {
        let good = how < 8;
        let receipt = if good { Receipt::Stored { total: 1 } } else { Receipt::Refused(REFUSED) };
        let status: &[u8] = if good { b"1" } else { b"0" };
        let answer = match held {
            Held::Bet(ticket) => {
                self.server.reply(self.now, ticket, receipt).unwrap();
                block(BET_ACK, 1, &[n.to_string().as_bytes(), b"|7574|", status].concat())
            }
            Held::Batch(ticket) => {
                self.server.reply(self.now, ticket, receipt).unwrap();
                vec![]
            }
            Held::Finished(ticket) => {
                self.server.reply(self.now, ticket, receipt).unwrap();
                block(BATCH_ACK, 1, status)
            }
            Held::Winners(ticket) => match how {
                0..3 => {
                    self.server.reply(self.now, ticket, WinnersReply::Pending).unwrap();
                    block(WINNER, 1, b"0")
                }
                3..8 => {
                    let documents = [n.to_string(), (n + 1).to_string()];
                    self.server.reply(self.now, ticket, WinnersReply::Winners(&documents)).unwrap();
                    block(WINNER, 1, format!("1{}", documents.join("|")).as_bytes())
                }
                8 => {
                    let many = vec!["12345678".to_string(); 910];
                    match self.server.reply(self.now, ticket, WinnersReply::Winners(&many)) {
                        Err(ReplyError::TooLarge(ticket)) => self.held.push((n, Held::Winners(ticket))),
                        other => other.unwrap(),
                    }
                    return;
                }
                _ => {
                    self.off = true;
                    self.server.reply(self.now, ticket, WinnersReply::Refused(REFUSED)).unwrap();
                    return;
                }
            },
        };
        self.answers[n] = Some(answer);
    }
}
