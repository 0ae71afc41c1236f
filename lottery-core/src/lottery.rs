//! Lottery as an application assembles it: rules, a store and limits in, a server on any runtime out.

use std::io;
use std::sync::Arc;
use std::thread;

use lottery_proto::{ServerConfig, ServerConfigBuilder};
use lottery_runtime::{Listener, Serve, Service};
use tracing::info;

use crate::commit_queue::CommitQueue;
use crate::committer::{self, Committer, OpenError, Opening};
use crate::lottery_service::{LotteryService, Stop};
use crate::memory::Memory;
use crate::probes::Probes;
use crate::server_connection::BareAnswer;
use crate::store::{MemoryStore, Rules, Store, StoreError};

/// Default maximum number of connections.
const CONNECTIONS: usize = 4096;
/// Default maximum number of connections of an address that is neither this machine's nor private.
const CONNECTIONS_OF_AN_ADDRESS: usize = 256;
/// Default room for requests on the commit queue, in bytes.
const QUEUE: usize = 16 * 1024 * 1024;
/// Default memory that connections share, in bytes.
const SHARED: usize = 256 * 1024 * 1024;

/// Lottery that is open and is not served yet.
///
/// ```
/// use std::net::TcpListener;
///
/// use lottery_core::lottery::Lottery;
/// use lottery_core::store::{MemoryStore, Rules};
/// # use std::{io, sync::Arc};
/// # use lottery_runtime::{Listener, Serve, Service};
/// # struct Runtime;
/// # impl Serve for Runtime {
/// #     fn serve<S: Service>(&self, _: impl Into<Listener>, service: Arc<S>) -> io::Result<()> {
/// #         service.started(Box::new(|| ()));
/// #         Ok(())
/// #     }
/// # }
/// # let runtime = Runtime;
///
/// let lottery = Lottery::builder(Rules { agencies: 2, winning_number: 7574 })
///     .store(MemoryStore::new())
///     .max_connections(100)
///     .build()?;
/// let listener = TcpListener::bind("127.0.0.1:0")?;
/// // A thread of its own may end it: `lottery.stop().stop()`. A runtime ends it at a signal, too.
/// let ended = lottery.serve(&runtime, listener)?;
/// ended.served?;
/// let store = ended.committed?;
/// # let _ = store;
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
///
/// Log lines are events of `tracing` with the fields `action` and `result`: the subscriber of the program gets
/// them.
#[derive(Debug)]
pub struct Lottery<S> {
    committer: Committer<S>,
    commit_queue: Arc<CommitQueue>,
    service: LotteryService,
}

/// End of a lottery that was served.
#[derive(Debug)]
pub struct Ended<S> {
    /// Outcome of the runtime.
    pub served: io::Result<()>,
    /// Store; or the reason why it failed, after which nothing was acknowledged.
    pub committed: Result<S, StoreError>,
}

impl Lottery<MemoryStore> {
    /// Returns the settings of a lottery with these rules, the number of agencies and the winning number. All others
    /// are at their defaults, with a store in memory.
    pub fn builder(rules: Rules) -> LotteryBuilder<MemoryStore> {
        LotteryBuilder {
            opening: Opening::from(rules),
            store: MemoryStore::new(),
            config: ServerConfig::builder(rules.agencies),
            max_connections: CONNECTIONS,
            per_address: (CONNECTIONS_OF_AN_ADDRESS, usize::MAX),
            queue: QUEUE,
            shared: SHARED,
            reserve: None,
            anonymous_finish: false,
            echo_prefix: String::new(),
            bare_answer: BareAnswer::default(),
        }
    }
}

impl<S: Store + 'static> Lottery<S> {
    /// Serves until a signal or [`Lottery::stop`] ends it, or the store fails. Returns when every connection is
    /// over and all that was taken is committed.
    ///
    /// # Errors
    /// Fails if the thread of the committer cannot be started. Nothing was served then.
    pub fn serve(self, runtime: &impl Serve, listener: impl Into<Listener>) -> io::Result<Ended<S>> {
        self.serve_within(runtime, listener, |service| service)
    }

    /// Serves like [`Lottery::serve`], with a service that `wrap` puts around the lottery's: its machines may be behind
    /// TLS for example.
    ///
    /// # Errors
    /// As for [`Lottery::serve`].
    pub fn serve_within<W: Service>(
        self,
        runtime: &impl Serve,
        listener: impl Into<Listener>,
        wrap: impl FnOnce(Arc<LotteryService>) -> W,
    ) -> io::Result<Ended<S>> {
        let Self { mut committer, commit_queue, service } = self;
        let listener = listener.into();
        let address = listener.to_string();
        let service = Arc::new(service.with_address(&address));
        let (stop, requests) = (service.stop(), Arc::clone(&commit_queue));
        let committing = thread::Builder::new().name("committer".to_owned()).spawn(move || {
            let result = committer::run(&mut committer, &requests);
            if result.is_err() {
                stop.stop();
            }
            result.map(|()| committer.into_store())
        })?;
        let served = runtime.serve(listener, Arc::new(wrap(Arc::clone(&service))));
        service.say_unwritten();
        info!(action = "close_listener", result = "success", address = %address);
        commit_queue.close();
        let committed = committing.join().unwrap_or_else(|_| {
            let cause = "the committer panicked".to_owned();
            Err(StoreError::Failed { place: "the store".to_owned(), cause })
        });
        Ok(Ended { served, committed })
    }

    /// Returns the handle that ends it, from any thread, at any time.
    pub fn stop(&self) -> Stop {
        self.service.stop()
    }

    /// Returns its commit queue, for a check that the committer takes requests
    /// ([`CommitQueue::is_attended`]).
    pub fn commit_queue(&self) -> &Arc<CommitQueue> {
        &self.commit_queue
    }

    /// Returns the registry of connections that only check its health.
    pub fn probes(&self) -> Arc<Probes> {
        self.service.probes()
    }
}

/// Settings of a lottery, and the store that it is kept in.
#[derive(Debug)]
#[must_use]
pub struct LotteryBuilder<S> {
    opening: Opening,
    store: S,
    config: ServerConfigBuilder,
    max_connections: usize,
    /// Maximum number of connections of an address, and of one of this machine or of a private network.
    per_address: (usize, usize),
    queue: usize,
    shared: usize,
    /// Bytes of the shared memory; `None`: enough for one longest message.
    reserve: Option<usize>,
    anonymous_finish: bool,
    echo_prefix: String,
    bare_answer: BareAnswer,
}

impl<S: Store> LotteryBuilder<S> {
    /// Allows a lottery that was begun with `agencies` agencies to go on with the number in the rules. Default:
    /// the rules must not change.
    pub fn raised_from(mut self, agencies: Option<u32>) -> Self {
        self.opening.raised_from = agencies;
        self
    }

    /// Sets the store. Default: [`MemoryStore`], which is lost when the process ends.
    pub fn store<T: Store>(self, store: T) -> LotteryBuilder<T> {
        let Self { opening, store: _, config, max_connections, per_address, queue, shared, .. } = self;
        let Self { reserve, anonymous_finish, echo_prefix, bare_answer, .. } = self;
        LotteryBuilder {
            opening,
            store,
            config,
            max_connections,
            per_address,
            queue,
            shared,
            reserve,
            anonymous_finish,
            echo_prefix,
            bare_answer,
        }
    }

    /// Sets the limits and timeouts of each connection. Its number of agencies is that of the rules, whatever it
    /// says. Default: those of [`ServerConfig::builder`].
    pub fn connections(mut self, config: &ServerConfig) -> Self {
        self.config = config.to_builder();
        self
    }

    /// Sets the maximum number of open connections. Default: 4096.
    pub fn max_connections(mut self, max: usize) -> Self {
        self.max_connections = max;
        self
    }

    /// Sets the maximum number of connections of an address, and of an address of this machine or of a private
    /// network. Default: 256, and no limit.
    pub fn max_connections_per_ip(mut self, max: usize, max_local: usize) -> Self {
        self.per_address = (max, max_local);
        self
    }

    /// Sets the room for requests on the commit queue, in bytes, besides each connection's own
    /// ([`OWN_ROOM`](crate::commit_queue::OWN_ROOM)). Connections without room read no more. Default: 16 MiB.
    pub fn queue(mut self, bytes: usize) -> Self {
        self.queue = bytes;
        self
    }

    /// Sets the memory that connections share for messages and replies, in bytes, and the part of it that is
    /// reserved for those that wait. Default: 256 MiB, and [`ServerConfig::max_lent`] or half of it.
    pub fn shared_memory(mut self, bytes: usize, reserve: usize) -> Self {
        (self.shared, self.reserve) = (bytes, Some(reserve));
        self
    }

    /// Allows a client without an agency number to stand in for an absent agency
    /// (`docs/protocol.md#framed`). Default: false.
    pub fn anonymous_finish(mut self, allowed: bool) -> Self {
        self.anonymous_finish = allowed;
        self
    }

    /// Sets the prefix of a line that is sent back (`docs/protocol.md#echo`). Default: none.
    pub fn echo_prefix(mut self, prefix: &str) -> Self {
        prefix.clone_into(&mut self.echo_prefix);
        self
    }

    /// Sets the acknowledgement of a single bet in `bare` (`docs/protocol.md#bare`). Default: [`BareAnswer::Auto`].
    pub fn bare_answer(mut self, answer: BareAnswer) -> Self {
        self.bare_answer = answer;
        self
    }

    /// Opens the lottery.
    ///
    /// # Errors
    /// Fails if the store cannot be read or written, or holds a lottery that was begun with other rules, or if no lottery has
    /// as many agencies.
    pub fn build(self) -> Result<Lottery<S>, OpenError> {
        let Self { opening, store, config, shared, reserve, .. } = self;
        let config = config.agencies(opening.rules.agencies).build()?;
        let reserve = reserve.unwrap_or_else(|| config.max_lent().min(shared / 2));
        let committer = Committer::open(store, opening)?;
        let commit_queue = Arc::new(CommitQueue::new(self.queue));
        let (of_an_address, of_a_local_address) = self.per_address;
        let service = LotteryService::new(config, Arc::clone(&commit_queue), self.max_connections)
            .with_memory(Memory::new(shared, reserve))
            .with_connections_per_ip(of_an_address, of_a_local_address)
            .with_anonymous_finish(self.anonymous_finish)
            .with_echo_prefix(&self.echo_prefix)
            .with_bare_answer(self.bare_answer);
        Ok(Lottery { committer, commit_queue, service })
    }
}
