//! Machines behind TLS: bytes and time are handed in, no socket, no clock. Each module is named after its subject.

mod any_order;
mod bytes;
mod certificates;
mod files;
mod lotteries;
mod openssl;
mod services;
mod stalls;
mod support;
