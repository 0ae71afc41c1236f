//! Runtime as programs use it: with threads and signals.

#[cfg(feature = "async-std")]
pub(crate) mod async_std;

use std::io;
use std::sync::Arc;
use std::thread;

use lottery_runtime::{Dialer, Envelope, Listener, RunClient, Serve, Service};
use smol::channel::bounded;
use smol::net::unix::UnixListener;
use smol::net::{TcpListener, TcpStream};
use smol::{Async, Executor};

use crate::signals::on_signal;
use crate::{run_client, serve};

/// smol runtime.
#[derive(Clone, Copy, Debug)]
pub struct Smol;

impl Serve for Smol {
    fn serve<S: Service>(&self, listener: impl Into<Listener>, service: Arc<S>) -> io::Result<()> {
        let executor = Arc::new(Executor::new());
        let listener = listener.into();
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
        smol::block_on(async {
            match listener {
                Listener::Tcp(listener) => {
                    serve(TcpListener::from(Async::new(listener)?), service, spawn, stopped).await;
                }
                Listener::Unix(listener) => {
                    serve(UnixListener::from(Async::new(listener)?), service, spawn, stopped).await;
                }
                other => return Err(other.unsupported()),
            }
            Ok(())
        })
    }
}

impl RunClient for Smol {
    fn run_client<C: Dialer + Send>(&self, dialer: &mut C) -> io::Result<()> {
        let executor = Executor::new();
        let (sender, mail) = smol::channel::unbounded();
        executor.spawn(on_signal(move || drop(sender.try_send(Envelope::Shutdown)))?).detach();
        smol::block_on(executor.run(run_client::<TcpStream, _>(dialer, &mail)));
        Ok(())
    }
}
