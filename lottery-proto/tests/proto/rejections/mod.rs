//! Rejections: of bets, of messages, of Finished, and of a server's replies.

mod bets;
mod finished;
mod messages;
mod reasons;
mod replies;
