//! async-std's executor. Its sockets wait in the same reactor as smol's.
//!
//! That crate is discontinued (RUSTSEC-2025-0052); its successor is smol. This module is for users who have
//! to stay on it for a while.

use std::io;
use std::sync::Arc;

use async_std::task;
use lottery_runtime::{Dialer, Envelope, Listener, RunClient, Serve, Service, channel};
use smol::channel::bounded;

use crate::signals::on_signal;
use crate::{run_client, serve};

/// async-std runtime.
#[derive(Clone, Copy, Debug)]
pub struct AsyncStd;

impl Serve for AsyncStd {
    fn serve<S: Service>(&self, listener: impl Into<Listener>, service: Arc<S>) -> io::Result<()> {
        let (sender, stop) = bounded::<()>(1);
        let asked = sender.clone();
        task::spawn(on_signal(move || _ = sender.try_send(()))?);
        service.started(Box::new(move || _ = asked.try_send(())));
        let spawn = |connection| drop(task::spawn(connection));
        let stopped = async { _ = stop.recv().await };
        task::block_on(serve(listener, service, spawn, stopped))
    }
}

impl RunClient for AsyncStd {
    fn run_client<C: Dialer + Send>(&self, dialer: &mut C) -> io::Result<()> {
        let (sender, mail) = channel();
        task::spawn(on_signal(move || sender.send(Envelope::Shutdown))?);
        task::block_on(run_client(dialer, &mail));
        Ok(())
    }
}
