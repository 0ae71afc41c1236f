//! Handle that ends a server or a client, the same for every runtime.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

/// Ends the server or client that was started with it, as a signal would. Clones are the same handle.
#[derive(Clone, Default)]
pub struct Stop(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    stopped: bool,
    hooks: Vec<Box<dyn FnOnce() + Send>>,
}

impl Stop {
    /// Calls `hook` when it is time to stop, or at once if it already is.
    pub fn on_stop(&self, hook: impl FnOnce() + Send + 'static) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if state.stopped {
            drop(state);
            hook();
        } else {
            state.hooks.push(Box::new(hook));
        }
    }

    /// Stops the server or client.
    pub fn stop(&self) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.stopped = true;
        let hooks = std::mem::take(&mut state.hooks);
        drop(state);
        for hook in hooks {
            hook();
        }
    }
}

impl fmt::Debug for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Stop")
    }
}
