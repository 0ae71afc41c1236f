//! The suite on a runtime as somebody else would write it: all that is known of it is that it serves, and runs a
//! client.

use std::io;
use std::sync::Arc;

use lottery_runtime::{Dialer, Envelope, Listener, RunClient, Serve, Service};

/// Threads and blocking sockets, without signals.
#[derive(Debug)]
struct Threads;

impl Serve for Threads {
    fn serve<S: Service>(&self, listener: impl Into<Listener>, service: Arc<S>) -> io::Result<()> {
        let (sender, stop) = runtime_std::channel()?;
        service.started(Box::new(move || sender.send(Envelope::Shutdown)));
        runtime_std::serve(listener, &service, &stop)
    }
}

impl RunClient for Threads {
    fn run_client<C: Dialer + Send>(&self, dialer: &mut C) -> io::Result<()> {
        let (_sender, mail) = runtime_std::channel()?;
        runtime_std::run_client(dialer, &mail);
        Ok(())
    }
}

conformance::conformance!(Threads);
