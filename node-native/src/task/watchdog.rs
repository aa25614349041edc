//! Whose time is up.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether the time of a run is up; set once by whoever waits for it, read by the run itself.
#[derive(Clone, Default, Debug)]
pub struct Watchdog(Arc<AtomicBool>);

impl Watchdog {
    /// The time is up.
    pub fn bark(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    /// Whether it is.
    #[must_use]
    pub fn is_late(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}
