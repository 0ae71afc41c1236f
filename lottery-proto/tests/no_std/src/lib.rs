//! Uses both machines without `std`. If `std` were linked in, there would be two panic handlers (E0152).
#![no_std]

use core::alloc::{GlobalAlloc, Layout};

use lottery_proto::{AgencyId, Client, ClientConfig, ConnId, Dialect, Instant, Server, ServerConfig};

struct Nothing;

// SAFETY: it hands out no memory at all, which is allowed.
unsafe impl GlobalAlloc for Nothing {
    unsafe fn alloc(&self, _: Layout) -> *mut u8 {
        core::ptr::null_mut()
    }
    unsafe fn dealloc(&self, _: *mut u8, _: Layout) {}
}

#[global_allocator]
static ALLOCATOR: Nothing = Nothing;

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    loop {}
}

/// Exported so that something is linked.
#[unsafe(no_mangle)]
pub extern "C" fn deadlines() -> bool {
    let now = Instant::default();
    let mut server = Server::new(ServerConfig::builder(5).build().unwrap(), ConnId(1), now);
    let agency = AgencyId::new(1).and_then(|agency| ClientConfig::new(agency, Dialect::BLOCK).ok());
    let mut client = agency.map(|config| Client::new(config, now));
    server.poll_io().is_some() && client.as_mut().and_then(Client::poll_io).is_some()
}
