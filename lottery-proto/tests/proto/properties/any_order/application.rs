//! Application behind the server: takes requests one by one, and answers any of them in any way.

use lottery_proto::server::{Event, RejectedBy};
use lottery_proto::{Dialect, EchoReply, ListError, ListSize, Receipt, ReplyError, WinnersReply};
use lottery_testkit::PendingRequest;

use super::server::{REJECTED, Run};
use super::words::{ReplyContent, encoded_reply};

/// Accepts that no list is left to continue: the last document has ended it.
fn nothing_left(error: ListError) -> Result<(), ListError> {
    if error == ListError::NoList { Ok(()) } else { Err(error) }
}

impl Run {
    pub(super) fn poll(&mut self) {
        let n = self.answers.len();
        // The dialect of a message that was cut off early is not known.
        self.off |= self.server.dialect().is_some_and(|dialect| dialect != self.dialect);
        let Some(event) = self.server.poll_event() else { return };
        assert_eq!(self.closed, 0, "Closed is the last event");
        let held = match event {
            Event::Bet { ticket, bets, .. } => {
                let document = bets.iter().next().unwrap().document().to_string();
                assert!(self.off || document == n.to_string());
                PendingRequest::Bet(ticket)
            }
            Event::Batch { ticket, bets, .. } => {
                assert!(self.off || bets.iter().all(|bet| bet.document() == n.to_string()));
                PendingRequest::Batch(ticket)
            }
            Event::Finished { ticket, .. } => PendingRequest::Finished(ticket),
            Event::WinnersQuery { ticket, .. } => PendingRequest::Winners(ticket),
            Event::AnonymousWaiter { ticket, .. } => PendingRequest::AnonymousWaiter(ticket),
            Event::Echo { ticket, line, .. } => {
                assert!(self.off || line.0 == n.to_string().as_bytes());
                PendingRequest::Echo(ticket)
            }
            Event::Rejected { error, .. } => {
                let text = error.to_string();
                let reply = match error {
                    RejectedBy::Malformed(error) => ReplyContent::Malformed(error.offset == 4, &text),
                    _ => ReplyContent::EarlierBets(&text),
                };
                let (bytes, ends) = encoded_reply(self.dialect, &reply, "");
                self.ends |= ends;
                return self.answers.push(Some(bytes));
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

    pub(super) fn reply(&mut self, n: usize, held: PendingRequest, how: usize) {
        let good = how < 8;
        let receipt = if good { Receipt::Stored { total: 1 } } else { Receipt::Rejected(REJECTED) };
        let documents = [n.to_string(), (n + 1).to_string()];
        let reply = match held {
            PendingRequest::Hello(ticket) => panic!("{ticket:?}: no session is opened"),
            PendingRequest::Bet(ticket) => {
                self.server.reply(self.now, ticket, receipt).unwrap();
                ReplyContent::Bet(n, good)
            }
            PendingRequest::Batch(ticket) => {
                self.server.reply(self.now, ticket, receipt).unwrap();
                ReplyContent::Batch(good)
            }
            PendingRequest::Finished(ticket) => {
                self.server.reply(self.now, ticket, receipt).unwrap();
                ReplyContent::Finished(good)
            }
            PendingRequest::AnonymousWaiter(ticket) => {
                self.server.reply_winners(self.now, ticket, &documents).unwrap();
                ReplyContent::Winners(&documents)
            }
            PendingRequest::Echo(ticket) => {
                self.server.reply(self.now, ticket, EchoReply("> ")).unwrap();
                ReplyContent::Line(n)
            }
            PendingRequest::Winners(ticket) => match how {
                0..3 => {
                    self.server.reply(self.now, ticket, WinnersReply::Pending).unwrap();
                    ReplyContent::Pending
                }
                6..8 => {
                    let texts = || documents.iter().map(String::as_str);
                    let list = WinnersReply::List(ListSize::of(texts()));
                    self.server.reply(self.now, ticket, list).unwrap();
                    // Each part is a block of its own in a session.
                    let first = if self.dialect == Dialect::SESSION { 2 } else { how - 6 };
                    self.server.put_winners(self.now, texts().take(first)).unwrap();
                    self.server.put_winners(self.now, texts().skip(first)).or_else(nothing_left).unwrap();
                    ReplyContent::Winners(&documents)
                }
                3..6 => {
                    self.server.reply_winners(self.now, ticket, &documents).unwrap();
                    ReplyContent::Winners(&documents)
                }
                8 if self.dialect == Dialect::BLOCK => {
                    let many = vec!["12345678".to_string(); 910];
                    match self.server.reply_winners(self.now, ticket, &many) {
                        Err(ReplyError::TooLarge(ticket)) => {
                            self.held.push((n, PendingRequest::Winners(ticket)));
                        }
                        other => other.unwrap(),
                    }
                    return;
                }
                _ => {
                    self.off = true;
                    self.server.reply(self.now, ticket, WinnersReply::Rejected(REJECTED)).unwrap();
                    return;
                }
            },
        };
        let (bytes, ends) = encoded_reply(self.dialect, &reply, REJECTED.text);
        self.ends |= ends;
        // A late reply to a request that was given up is none.
        if let Some(answer) = self.answers.get_mut(n) {
            *answer = Some(bytes);
        }
    }
}
