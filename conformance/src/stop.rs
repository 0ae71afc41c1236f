//! Handle that ends a server or a client, the same for every runtime.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Ends the server or client that was started with it, as a signal would. Clones are the same handle.
#[derive(Clone, Default)]
pub struct Stop(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    never: bool,
    stopped: bool,
    hooks: Vec<Box<dyn FnOnce() + Send>>,
}

impl Stop {
    /// Returns a handle that nobody uses.
    pub fn never() -> Self {
        Self(Arc::new(Mutex::new(State { never: true, ..State::default() })))
    }

    /// Returns true if this is [`Stop::never`].
    pub fn is_never(&self) -> bool {
        self.lock().never
    }

    /// Returns true when it is time to stop.
    pub fn is_stopped(&self) -> bool {
        self.lock().stopped
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Calls `hook` when it is time to stop, or at once if it already is.
    pub fn on_stop(&self, hook: impl FnOnce() + Send + 'static) {
        let mut state = self.lock();
        if state.stopped {
            drop(state);
            hook();
        } else {
            state.hooks.push(Box::new(hook));
        }
    }

    /// Stops the server or client.
    pub fn stop(&self) {
        let mut state = self.lock();
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
