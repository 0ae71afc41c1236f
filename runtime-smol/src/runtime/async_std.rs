//! async-std's sockets and executor.
//!
//! That crate is discontinued (RUSTSEC-2025-0052); its successor is smol. This module is for users who have
//! to stay on it for a while.

use std::io;
use std::sync::Arc;

use async_std::net::{TcpListener, TcpStream};
use async_std::os::unix::net::UnixListener;
use async_std::task;
use lottery_runtime::{Dialer, Envelope, Listener, RunClient, Serve, Service};
use smol::channel::{bounded, unbounded};

use crate::signals::on_signal;
use crate::{run_client, serve};

/// async-std runtime.
#[derive(Clone, Copy, Debug)]
pub struct AsyncStd;

impl Serve for AsyncStd {
    fn serve<S: Service>(&self, listener: impl Into<Listener>, service: Arc<S>) -> io::Result<()> {
        let listener = listener.into();
        listener.set_nonblocking(true)?;
        let (sender, stop) = bounded::<()>(1);
        let asked = sender.clone();
        task::spawn(on_signal(move || _ = sender.try_send(()))?);
        service.started(Box::new(move || _ = asked.try_send(())));
        let spawn = |connection| drop(task::spawn(connection));
        let stopped = async { _ = stop.recv().await };
        match listener {
            Listener::Tcp(listener) => {
                task::block_on(serve(TcpListener::from(listener), service, spawn, stopped));
            }
            Listener::Unix(listener) => {
                task::block_on(serve(UnixListener::from(listener), service, spawn, stopped));
            }
            other => return Err(other.unsupported()),
        }
        Ok(())
    }
}

impl RunClient for AsyncStd {
    fn run_client<C: Dialer + Send>(&self, dialer: &mut C) -> io::Result<()> {
        let (sender, mail) = unbounded();
        task::spawn(on_signal(move || drop(sender.try_send(Envelope::Shutdown)))?);
        task::block_on(run_client::<TcpStream, _>(dialer, &mail));
        Ok(())
    }
}
