//! Server on a runtime, in a thread.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use lottery_runtime::Service;
use lottery_runtime::sockets::listen;

use crate::runtimes::StoppableRuntime;
use crate::stop::Stop;
use crate::time_limits::{END, Task};

/// Server that runs in a thread.
#[derive(Debug)]
pub struct Serving {
    /// Address that it listens at.
    pub address: SocketAddr,
    stop: Stop,
    task: Option<Task<()>>,
}

impl Serving {
    /// Starts to serve on a free port.
    pub fn start<R: StoppableRuntime>(service: Arc<impl Service>) -> Self {
        let listener = listen((Ipv4Addr::LOCALHOST, 0).into(), 128).expect("a free port");
        let address = listener.local_addr().expect("a listener has an address");
        let stop = Stop::default();
        let stopped = stop.clone();
        let task =
            Task::start(format!("the server on {}", R::NAME), move || R::serve(listener, service, &stopped));
        Self { address, stop, task: Some(task) }
    }

    /// Stops the server.
    pub fn stop(&self) {
        self.stop.stop();
    }

    /// Stops the server, and waits for its end.
    pub fn end(mut self) {
        self.stop();
        if let Some(task) = self.task.take() {
            task.join(END);
        }
    }
}

/// Stops the server, so that a failing test leaves none behind.
impl Drop for Serving {
    fn drop(&mut self) {
        self.stop();
    }
}
