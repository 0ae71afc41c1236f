//! A server on a runtime, in a thread.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use lottery_runtime::Service;
use lottery_runtime::sockets::listen;

use crate::patience::{END, Task};
use crate::runtimes::OnRuntime;
use crate::stop::Stop;

/// A server at work.
#[derive(Debug)]
pub struct Serving {
    /// Where it listens.
    pub address: SocketAddr,
    stop: Stop,
    task: Option<Task<()>>,
}

impl Serving {
    /// Starts to serve on a free port.
    pub fn start<R: OnRuntime>(service: Arc<impl Service>) -> Self {
        let listener = listen((Ipv4Addr::LOCALHOST, 0).into(), 128).expect("a free port");
        let address = listener.local_addr().expect("a listener has an address");
        let stop = Stop::default();
        let stopped = stop.clone();
        let task =
            Task::start(format!("the server on {}", R::NAME), move || R::serve(listener, service, &stopped));
        Self { address, stop, task: Some(task) }
    }

    /// Tells it to stop.
    pub fn stop(&self) {
        self.stop.stop();
    }

    /// Tells it to stop, and waits until it has.
    pub fn end(mut self) {
        self.stop();
        if let Some(task) = self.task.take() {
            task.join(END);
        }
    }
}

/// A test that fails leaves no server behind.
impl Drop for Serving {
    fn drop(&mut self) {
        self.stop();
    }
}
