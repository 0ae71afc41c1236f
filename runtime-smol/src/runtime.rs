//! Runtime as programs use it: with threads and signals.

#[cfg(feature = "async-std")]
pub(crate) mod async_std;

use std::io;
use std::sync::Arc;
use std::thread;

use lottery_runtime::{Dialer, Envelope, Listener, RunClient, Serve, Service, channel};
use smol::Executor;
use smol::channel::bounded;

use crate::signals::on_signal;
use crate::{run_client, serve};

/// smol runtime.
#[derive(Clone, Copy, Debug)]
pub struct Smol;

impl Serve for Smol {
    fn serve<S: Service>(&self, listener: impl Into<Listener>, service: Arc<S>) -> io::Result<()> {
        let executor = Arc::new(Executor::new());
        let (sender, stop) = bounded::<()>(1);
        let asked = sender.clone();
        executor.spawn(on_signal(move || _ = sender.try_send(()))?).detach();
        service.started(Box::new(move || _ = asked.try_send(())));
        // Connections run on a thread for each core; the threads end with the process.
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            let executor = Arc::clone(&executor);
            let run = move || smol::block_on(executor.run(std::future::pending::<()>()));
            thread::Builder::new().name("smol".to_owned()).spawn(run)?;
        }
        let spawn = |connection| executor.spawn(connection).detach();
        let stopped = async { _ = stop.recv().await };
        smol::block_on(serve(listener, service, spawn, stopped))
    }
}

impl RunClient for Smol {
    fn run_client<C: Dialer + Send>(&self, dialer: &mut C) -> io::Result<()> {
        let executor = Executor::new();
        let (sender, mail) = channel();
        executor.spawn(on_signal(move || sender.send(Envelope::Shutdown))?).detach();
        smol::block_on(executor.run(run_client(dialer, &mail)));
        Ok(())
    }
}
