//! Memory of a connection: it never takes more from the allocator than `ServerConfig::max_memory`, plus what
//! is documented for one long winners list, whatever the peer sends and whatever the application fails to do.
//! The client never takes more than `ClientConfig::max_memory`, whatever the server replies.
//!
//! The allocator counts for the whole process, so there is one test here.

mod client;
mod inputs;
mod server;

use peak_alloc::PeakAlloc;

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

#[test]
fn a_connection_never_takes_more_memory_than_is_documented() {
    client::never_takes_more_memory_than_is_documented();
    server::never_takes_more_memory_than_is_documented();
}
