//! Agencies on a runtime, each in a thread.

use std::net::SocketAddr;
use std::time::Duration;

use lottery_core::client::{ClientError, Job, LotteryClient};
use lottery_proto::{AgencyId, ClientConfig, Dialect};
use lottery_runtime::Dialer;

use crate::agency_files::File;
use crate::runtimes::StoppableRuntime;
use crate::stop::Stop;
use crate::time_limits::{SOON, Task};

/// Returns the job of an agency with that file. It asks for its winners more often than a real one.
pub fn job(address: SocketAddr, dialect: Dialect, agency: u32) -> Job {
    let agency = AgencyId::new(agency).expect("an agency's number");
    Job {
        connection: ClientConfig::new(agency, dialect).expect("valid settings"),
        server: address.to_string(),
        batch_max: None,
        poll_initial: Duration::from_millis(10),
        poll_max: Duration::from_millis(40),
        connect_timeout: Duration::from_secs(5),
        retry_for: Duration::from_secs(10),
        seed: 1,
    }
}

/// Client that runs in a thread.
#[derive(Debug)]
pub struct RunningClient<C> {
    stop: Stop,
    task: Task<C>,
}

impl<C: Dialer + Send + 'static> RunningClient<C>
where
    C::Notice: Send,
{
    /// Starts a client that ends by itself.
    pub fn start<R: StoppableRuntime>(dialer: C) -> Self {
        Self::with_stop::<R>(dialer, Stop::never())
    }

    /// Starts a client that can be stopped.
    pub fn stoppable<R: StoppableRuntime>(dialer: C) -> Self {
        Self::with_stop::<R>(dialer, Stop::default())
    }

    fn with_stop<R: StoppableRuntime>(mut dialer: C, stop: Stop) -> Self {
        let stopped = stop.clone();
        let task = Task::start(format!("a client on {}", R::NAME), move || {
            R::run_client(&mut dialer, &stopped);
            dialer
        });
        Self { stop, task }
    }

    /// Stops a client of [`RunningClient::stoppable`].
    pub fn stop(&self) {
        assert!(!self.stop.is_never(), "it can be stopped");
        self.stop.stop();
    }

    /// Waits for the client's end, at most `limit`, and returns the client.
    pub fn join(self, limit: Duration) -> C {
        self.task.join(limit)
    }

    /// Returns true if the client has ended.
    pub fn has_ended(&self) -> bool {
        self.task.has_ended()
    }
}

impl RunningClient<LotteryClient> {
    /// Starts an agency with that file.
    pub fn agency<R: StoppableRuntime>(address: SocketAddr, dialect: Dialect, file: &File) -> Self {
        Self::start::<R>(LotteryClient::new(job(address, dialect, file.agency), file.bets()))
    }

    /// Waits for the agency's end, and returns its winners.
    ///
    /// # Errors
    /// The reason for which it did not get them.
    pub fn outcome(self) -> Result<Vec<String>, ClientError> {
        self.join(SOON).into_outcome()
    }

    /// Waits for the agency's end, and returns its winners, which it must get.
    pub fn winners(self) -> Vec<String> {
        self.outcome().expect("the agency gets its winners")
    }
}
