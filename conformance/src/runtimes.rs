//! Runtimes, each behind the same two functions, which a test can stop.

use std::future::Future;
use std::net::TcpListener;
use std::sync::Arc;

use lottery_runtime::{Dialer, Envelope, RunClient, Serve, Service};

use crate::by_program;
use crate::stop::Stop;

/// Runtime that a test can stop. By default what [`Serve`] and [`RunClient`] offer is used; with functions of its own a
/// runtime installs no signal handlers, and can be stopped in every state.
pub trait StoppableRuntime: 'static {
    /// Name of the runtime.
    const NAME: &'static str;

    /// Runtime as the programs use it, with its signals.
    const PROGRAM: Self::Program;

    /// Type of [`StoppableRuntime::PROGRAM`].
    type Program: Serve + RunClient + Send;

    /// Serves until `stop`, and then until every connection is over.
    fn serve<S: Service>(listener: TcpListener, service: Arc<S>, stop: &Stop) {
        by_program::serve(&Self::PROGRAM, listener, service, stop);
    }

    /// Runs a client until it is done or `stop`.
    fn run_client<C: Dialer + Send>(dialer: &mut C, stop: &Stop)
    where
        C::Notice: Send,
    {
        by_program::run_client(&Self::PROGRAM, dialer, stop);
    }
}

/// `runtime-tokio`.
#[derive(Debug)]
pub enum Tokio {}

impl StoppableRuntime for Tokio {
    const NAME: &'static str = "tokio";
    const PROGRAM: Self::Program = runtime_tokio::Tokio;

    type Program = runtime_tokio::Tokio;

    fn serve<S: Service>(listener: TcpListener, service: Arc<S>, stop: &Stop) {
        let (sender, stopped) = tokio::sync::oneshot::channel::<()>();
        stop.on_stop(move || _ = sender.send(()));
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
        runtime.expect("a runtime").block_on(async {
            listener.set_nonblocking(true).expect("a listener can be non-blocking");
            let listener = tokio::net::TcpListener::from_std(listener).expect("a listener");
            runtime_tokio::serve(listener, service, async { _ = stopped.await }).await;
        });
    }

    fn run_client<C: Dialer + Send>(dialer: &mut C, stop: &Stop) {
        let (sender, mail) = lottery_runtime::channel();
        stop.on_stop(move || sender.send(Envelope::Shutdown));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.expect("a runtime").block_on(runtime_tokio::run_client(dialer, &mail));
    }
}

/// `runtime-std`.
#[derive(Debug)]
pub enum Std {}

impl StoppableRuntime for Std {
    const NAME: &'static str = "std";
    const PROGRAM: Self::Program = runtime_std::Std;

    type Program = runtime_std::Std;

    fn serve<S: Service>(listener: TcpListener, service: Arc<S>, stop: &Stop) {
        let (sender, stopped) = runtime_std::channel::<()>().expect("a descriptor");
        stop.on_stop(move || sender.send(Envelope::Shutdown));
        runtime_std::serve(listener, &service, &stopped).expect("a listener can be non-blocking");
    }

    fn run_client<C: Dialer + Send>(dialer: &mut C, stop: &Stop) {
        let (sender, mail) = runtime_std::channel().expect("a descriptor");
        stop.on_stop(move || sender.send(Envelope::Shutdown));
        runtime_std::run_client(dialer, &mail);
    }
}

/// `runtime-smol`.
#[derive(Debug)]
pub enum Smol {}

impl StoppableRuntime for Smol {
    const NAME: &'static str = "smol";
    const PROGRAM: Self::Program = runtime_smol::Smol;

    type Program = runtime_smol::Smol;

    fn serve<S: Service>(listener: TcpListener, service: Arc<S>, stop: &Stop) {
        let executor = smol::Executor::new();
        let (done, ended) = smol::channel::bounded::<()>(1);
        std::thread::scope(|threads| {
            for _ in 0..2 {
                threads.spawn(|| _ = smol::block_on(executor.run(ended.recv())));
            }
            let spawn = |connection| executor.spawn(connection).detach();
            let served = smol::block_on(runtime_smol::serve(listener, service, spawn, stopped(stop)));
            served.expect("a listener");
            drop(done);
        });
    }

    fn run_client<C: Dialer + Send>(dialer: &mut C, stop: &Stop) {
        let (sender, mail) = lottery_runtime::channel();
        stop.on_stop(move || sender.send(Envelope::Shutdown));
        smol::block_on(runtime_smol::run_client(dialer, &mail));
    }
}

/// Completes when it is time to stop.
fn stopped(stop: &Stop) -> impl Future<Output = ()> + Send + use<> {
    let (sender, stopped) = smol::channel::bounded::<()>(1);
    stop.on_stop(move || drop(sender));
    async move { _ = stopped.recv().await }
}

/// `runtime-smol` on async-std.
#[cfg(feature = "async-std")]
#[derive(Debug)]
pub enum AsyncStd {}

#[cfg(feature = "async-std")]
impl StoppableRuntime for AsyncStd {
    const NAME: &'static str = "async-std";
    const PROGRAM: Self::Program = runtime_smol::AsyncStd;

    type Program = runtime_smol::AsyncStd;

    fn serve<S: Service>(listener: TcpListener, service: Arc<S>, stop: &Stop) {
        let spawn = |connection| drop(async_std::task::spawn(connection));
        let served = async_std::task::block_on(runtime_smol::serve(listener, service, spawn, stopped(stop)));
        served.expect("a listener");
    }

    fn run_client<C: Dialer + Send>(dialer: &mut C, stop: &Stop) {
        let (sender, mail) = lottery_runtime::channel();
        stop.on_stop(move || sender.send(Envelope::Shutdown));
        async_std::task::block_on(runtime_smol::run_client(dialer, &mail));
    }
}
