//! Flag that ends what runs beside a test.

use std::sync::atomic::{AtomicBool, Ordering};

/// Sets the flag when it is dropped, also when a test fails: nothing waits for what runs beside it then.
pub(crate) struct SetOnDrop<'a>(pub(crate) &'a AtomicBool);

impl Drop for SetOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
