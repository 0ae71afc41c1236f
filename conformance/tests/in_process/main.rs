//! The suite on every runtime, and on every pair of them: servers and clients in this process, driven through their
//! library functions.

mod machines;
mod own_runtime;
mod recordings;
mod table;

/// Runs the suite on a runtime of this repository.
macro_rules! runtimes {
    ($($module:ident: $runtime:ident),+ $(,)?) => { $(
        mod $module {
            conformance::conformance!(stoppable conformance::$runtime);
        }
    )+ };
}

/// Runs what has both sides on a runtime on two different ones: `SERVER_CLIENT`.
macro_rules! pairs {
    ($($module:ident: $server:ident $client:ident),+ $(,)?) => { $(
        mod $module {
            conformance::conformance!(server conformance::$server, client conformance::$client);
        }
    )+ };
}

runtimes!(on_tokio: Tokio, on_std: Std, on_smol: Smol);

pairs!(
    tokio_std: Tokio Std,
    tokio_smol: Tokio Smol,
    std_tokio: Std Tokio,
    std_smol: Std Smol,
    smol_tokio: Smol Tokio,
    smol_std: Smol Std,
);

#[cfg(feature = "async-std")]
runtimes!(on_async_std: AsyncStd);

#[cfg(feature = "async-std")]
pairs!(
    tokio_async_std: Tokio AsyncStd,
    std_async_std: Std AsyncStd,
    smol_async_std: Smol AsyncStd,
    async_std_tokio: AsyncStd Tokio,
    async_std_std: AsyncStd Std,
    async_std_smol: AsyncStd Smol,
);
