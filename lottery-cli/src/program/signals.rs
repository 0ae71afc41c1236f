//! Signals once the runtime, which listens for them while a program works, has ended.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use lottery_runtime::signals::hangup_stops;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::flag::register_conditional_shutdown;

/// Makes a signal end the process at once, with `code`, during any wait. Of several calls the last counts.
pub(super) fn end_at_signal(code: i32) {
    static BEFORE: Mutex<Option<Arc<AtomicBool>>> = Mutex::new(None);
    let in_force = Arc::new(AtomicBool::new(true));
    for signal in [SIGTERM, SIGINT].into_iter().chain(hangup_stops().then_some(SIGHUP)) {
        // If no handler can be installed, the program still waits for the lines.
        let _ = register_conditional_shutdown(signal, code, Arc::clone(&in_force));
    }
    let before = BEFORE.lock().unwrap_or_else(PoisonError::into_inner).replace(in_force);
    if let Some(before) = before {
        before.store(false, Ordering::SeqCst);
    }
}
