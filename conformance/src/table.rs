//! Table of the runtimes: each test, written once, runs on all of them.

/// Makes a test of each function, which is generic over a server's and a client's runtime, for every pair.
#[macro_export]
macro_rules! on_every_pair {
    ($($test:ident),+ $(,)?) => {
        $crate::tests_on!(tokio_tokio: [Tokio, Tokio]; $($test),+);
        $crate::tests_on!(tokio_std: [Tokio, Std]; $($test),+);
        $crate::tests_on!(tokio_smol: [Tokio, Smol]; $($test),+);
        $crate::tests_on!(std_tokio: [Std, Tokio]; $($test),+);
        $crate::tests_on!(std_std: [Std, Std]; $($test),+);
        $crate::tests_on!(std_smol: [Std, Smol]; $($test),+);
        $crate::tests_on!(smol_tokio: [Smol, Tokio]; $($test),+);
        $crate::tests_on!(smol_std: [Smol, Std]; $($test),+);
        $crate::tests_on!(smol_smol: [Smol, Smol]; $($test),+);
        #[cfg(feature = "async-std")]
        $crate::tests_on!(tokio_async_std: [Tokio, AsyncStd]; $($test),+);
        #[cfg(feature = "async-std")]
        $crate::tests_on!(std_async_std: [Std, AsyncStd]; $($test),+);
        #[cfg(feature = "async-std")]
        $crate::tests_on!(smol_async_std: [Smol, AsyncStd]; $($test),+);
        #[cfg(feature = "async-std")]
        $crate::tests_on!(async_std_tokio: [AsyncStd, Tokio]; $($test),+);
        #[cfg(feature = "async-std")]
        $crate::tests_on!(async_std_std: [AsyncStd, Std]; $($test),+);
        #[cfg(feature = "async-std")]
        $crate::tests_on!(async_std_smol: [AsyncStd, Smol]; $($test),+);
        #[cfg(feature = "async-std")]
        $crate::tests_on!(async_std_async_std: [AsyncStd, AsyncStd]; $($test),+);
    };
}

/// Makes a test of each function, which is generic over a server's runtime, for each of them.
#[macro_export]
macro_rules! on_every_server {
    ($($test:ident),+ $(,)?) => {
        $crate::tests_on!(server_tokio: [Tokio]; $($test),+);
        $crate::tests_on!(server_std: [Std]; $($test),+);
        $crate::tests_on!(server_smol: [Smol]; $($test),+);
        #[cfg(feature = "async-std")]
        $crate::tests_on!(server_async_std: [AsyncStd]; $($test),+);
    };
}

/// Makes a test of each function, which is generic over a client's runtime, for each of them.
#[macro_export]
macro_rules! on_every_client {
    ($($test:ident),+ $(,)?) => {
        $crate::tests_on!(client_tokio: [Tokio]; $($test),+);
        $crate::tests_on!(client_std: [Std]; $($test),+);
        $crate::tests_on!(client_smol: [Smol]; $($test),+);
        #[cfg(feature = "async-std")]
        $crate::tests_on!(client_async_std: [AsyncStd]; $($test),+);
    };
}

/// Makes the tests of one row of the table.
#[macro_export]
#[doc(hidden)]
macro_rules! tests_on {
    ($name:ident: $runtimes:tt; $($test:ident),+) => {
        mod $name {
            $($crate::test_on!($test $runtimes);)+
        }
    };
}

/// Makes one test of one row.
#[macro_export]
#[doc(hidden)]
macro_rules! test_on {
    ($test:ident [$($runtime:ident),+]) => {
        #[test]
        fn $test() {
            $crate::patience::watched(super::$test::<$($crate::$runtime),+>);
        }
    };
}
