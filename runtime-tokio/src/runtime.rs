//! Runtime as programs use it: with threads and signals.

use std::io;
use std::sync::Arc;

use lottery_runtime::{Dialer, Envelope, Listener, RunClient, Serve, Service, channel};
use tokio::net::{TcpListener, UnixListener};
use tokio::sync::Notify;

use crate::signals::on_signal;
use crate::{run_client, serve};

/// tokio runtime.
#[derive(Clone, Copy, Debug)]
pub struct Tokio;

impl Serve for Tokio {
    fn serve<S: Service>(&self, listener: impl Into<Listener>, service: Arc<S>) -> io::Result<()> {
        let listener = listener.into();
        tokio::runtime::Runtime::new()?.block_on(async {
            listener.set_nonblocking(true)?;
            let stop = Arc::new(Notify::new());
            let (signalled, asked) = (Arc::clone(&stop), Arc::clone(&stop));
            on_signal(move || signalled.notify_one())?;
            service.started(Box::new(move || asked.notify_one()));
            let stop = stop.notified();
            match listener {
                Listener::Tcp(listener) => serve(TcpListener::from_std(listener)?, service, stop).await,
                Listener::Unix(listener) => serve(UnixListener::from_std(listener)?, service, stop).await,
                other => return Err(other.unsupported()),
            }
            Ok(())
        })
    }
}

impl RunClient for Tokio {
    fn run_client<C: Dialer + Send>(&self, dialer: &mut C) -> io::Result<()> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let called = runtime.block_on(async {
            let (sender, mail) = channel();
            on_signal(move || sender.send(Envelope::Shutdown))?;
            run_client(dialer, &mail).await;
            Ok(())
        });
        // A lookup of a name that is still running is left behind.
        runtime.shutdown_background();
        called
    }
}
