//! Real server and real client without sockets, threads or clocks: the machines alone.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use lottery_core::commit_queue::CommitQueue;
use lottery_core::committer::Committer;
use lottery_core::lottery_service::LotteryService;
use lottery_core::messages::Notice;
use lottery_core::server_connection::ServerConnection;
use lottery_core::store::MemoryStore;
use lottery_proto::{Endpoint, Input, Instant};
use lottery_runtime::{Dialer, Machine as _, Mailbox, Service, Step};

use crate::cuts::Cut;
use crate::server::ServerSettings;

/// Server whose time stands still.
#[derive(Debug)]
pub struct StillServer {
    service: LotteryService,
    commit_queue: Arc<CommitQueue>,
    committer: Committer<MemoryStore>,
}

/// Connection of the server.
#[derive(Debug)]
pub struct Conn {
    machine: ServerConnection,
    mail: Receiver<Notice>,
}

const NOW: Instant = Instant::from_epoch(Duration::ZERO);

impl StillServer {
    /// Returns a server without connections.
    pub fn new(terms: &ServerSettings) -> Self {
        let commit_queue = Arc::new(CommitQueue::new(terms.commit_queue));
        let service = terms.service(&commit_queue);
        let committer = Committer::open(MemoryStore::new(), terms.rules()).expect("an empty store");
        Self { service, commit_queue, committer }
    }

    /// Returns a new connection.
    pub fn accept(&self) -> Conn {
        let (sender, mail) = channel();
        let mailbox = Mailbox::new(move |notice| _ = sender.send(notice));
        let machine = self.service.accept(NOW, (Ipv4Addr::LOCALHOST, 1).into(), mailbox);
        Conn { machine: machine.expect("there is room"), mail }
    }

    /// Returns the store.
    pub fn store(&self) -> &MemoryStore {
        self.committer.store()
    }

    /// Commits all requests, and hands the replies to `conn`. Those of other connections wait in their
    /// mailboxes.
    pub fn work(&mut self, conn: &mut Conn) {
        loop {
            let requests = self.commit_queue.try_take(usize::MAX).expect("the commit queue is open");
            let idle = requests.is_empty();
            self.committer.commit(requests).expect("a store in memory does not fail");
            let mut heard = false;
            while let Ok(notice) = conn.mail.try_recv() {
                conn.machine.notice(NOW, notice);
                heard = true;
            }
            if idle && !heard {
                return;
            }
        }
    }

    /// Feeds bytes to a connection, in pieces, and returns what it sends meanwhile.
    pub fn receive(&mut self, conn: &mut Conn, bytes: &[u8], cut: Cut) -> Vec<u8> {
        let mut answers = Vec::new();
        for piece in cut.pieces(bytes) {
            let mut rest = piece;
            while !rest.is_empty() {
                let recv = conn.machine.poll_io().expect("the connection is there").recv;
                let len = recv.len().min(rest.len());
                recv[..len].copy_from_slice(&rest[..len]);
                rest = &rest[len..];
                if len > 0 {
                    conn.machine.handle(NOW, Input::Received(len));
                }
                answers.extend(self.sent(conn));
            }
        }
        answers
    }

    /// Takes what a connection sends now.
    pub fn sent(&mut self, conn: &mut Conn) -> Vec<u8> {
        let mut sent = Vec::new();
        loop {
            self.work(conn);
            let Some(io) = conn.machine.poll_io() else { return sent };
            let len = io.send.len();
            if len == 0 {
                return sent;
            }
            sent.extend_from_slice(io.send);
            conn.machine.handle(NOW, Input::Sent(len));
        }
    }

    /// Ends the peer's side of a connection, and returns what is sent after that. The connection must end,
    /// too.
    pub fn fin(&mut self, mut conn: Conn) -> Vec<u8> {
        conn.machine.handle(NOW, Input::Eof);
        let sent = self.sent(&mut conn);
        assert!(conn.machine.poll_io().expect("the connection is there").fin, "its end");
        conn.machine.handle(NOW, Input::FinSent);
        assert!(conn.machine.poll_io().is_none(), "both sides have ended");
        sent
    }
}

/// Client whose time goes on when there is nothing else to do.
#[derive(Debug)]
pub struct StillClient<C> {
    client: C,
    now: Instant,
}

impl<C: Dialer> StillClient<C> {
    /// Returns a client that has not begun.
    pub fn new(client: C) -> Self {
        Self { client, now: NOW }
    }

    /// Runs the client until it connects. Returns false if it is done instead.
    pub fn connect(&mut self) -> bool {
        loop {
            match self.client.next_step(self.now) {
                Step::Connect(_) => break,
                Step::Wait(until) => self.now = until,
                Step::Done => return false,
            }
        }
        self.client.connected(self.now);
        true
    }

    /// Takes what the client sends until it has to wait for a reply, or for the time of its next query, or
    /// has ended.
    pub fn sent(&mut self) -> Vec<u8> {
        let mut sent = Vec::new();
        while let Some(io) = self.client.poll_io()
            && !io.send.is_empty()
        {
            sent.extend_from_slice(io.send);
            let len = io.send.len();
            self.client.handle(self.now, Input::Sent(len));
        }
        sent
    }

    /// Steps to the time that the client waits for.
    pub fn wait(&mut self) {
        let deadline = self.client.poll_io().and_then(|io| io.deadline);
        self.now = deadline.expect("it waits for something");
        self.client.handle(self.now, Input::Timeout);
    }

    /// Feeds bytes to the client, in pieces.
    pub fn receive(&mut self, bytes: &[u8], cut: Cut) {
        for piece in cut.pieces(bytes) {
            let mut rest = piece;
            while !rest.is_empty() {
                let recv = self.client.poll_io().expect("the connection is there").recv;
                let len = recv.len().min(rest.len());
                assert!(len > 0, "a client always reads");
                recv[..len].copy_from_slice(&rest[..len]);
                rest = &rest[len..];
                self.client.handle(self.now, Input::Received(len));
            }
        }
    }

    /// Ends both sides of the client's connection. The server must have nothing left to say.
    pub fn fin(&mut self) {
        assert!(self.client.poll_io().expect("the connection is there").fin, "its end");
        self.client.handle(self.now, Input::FinSent);
        self.client.handle(self.now, Input::Eof);
        assert!(self.client.poll_io().is_none(), "both sides have ended");
    }

    /// Returns the client, which must be done.
    pub fn done(mut self) -> C {
        assert_eq!(self.client.next_step(self.now), Step::Done);
        self.client
    }
}
