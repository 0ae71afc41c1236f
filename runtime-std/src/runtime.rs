//! Runtime as programs use it: with signals.

use std::io;
use std::sync::Arc;

use lottery_runtime::{Dialer, Envelope, Listener, RunClient, Serve, Service};

use crate::serve::STACK_SIZE;
use crate::signals::on_signal;
use crate::{channel, run_client, serve};

/// Runtime on std's blocking sockets and threads.
#[derive(Clone, Copy, Debug)]
pub struct Std;

impl Serve for Std {
    const CONNECTION_STACK: usize = STACK_SIZE;

    fn serve<S: Service>(&self, listener: impl Into<Listener>, service: Arc<S>) -> io::Result<()> {
        let (sender, stop) = channel::<()>()?;
        let asked = sender.clone();
        on_signal(move || sender.send(Envelope::Shutdown))?;
        service.started(Box::new(move || asked.send(Envelope::Shutdown)));
        serve(listener, &service, &stop)
    }
}

impl RunClient for Std {
    fn run_client<C: Dialer + Send>(&self, dialer: &mut C) -> io::Result<()> {
        let (sender, mail) = channel()?;
        on_signal(move || sender.send(Envelope::Shutdown))?;
        run_client(dialer, &mail);
        Ok(())
    }
}
