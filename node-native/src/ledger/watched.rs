//! A module with an eye on what it is told of the clock.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tabmesh_port::{Input, Instant, Module, Room, Told};

/// Where the doubt goes in, for a module that is yet to be made.
pub(super) struct Watch(Arc<AtomicBool>);

/// A module that is watched.
pub(super) struct Watched<M> {
    module: M,
    is_doubtful: Arc<AtomicBool>,
}

/// Whether the clock is in doubt, and what tells.
pub(super) fn watch() -> (Watch, Arc<AtomicBool>) {
    let is_doubtful = Arc::new(AtomicBool::new(false));
    (Watch(is_doubtful.clone()), is_doubtful)
}

impl Watch {
    pub(super) fn over<M>(self, module: M) -> Watched<M> {
        Watched { module, is_doubtful: self.0 }
    }
}

impl<M: Module> Module for Watched<M> {
    fn handle(&mut self, now: Instant, input: Input<'_>) {
        if let Input::Told(Told::Clock { is_doubtful, .. }) = &input {
            self.is_doubtful.store(*is_doubtful, Ordering::Relaxed);
            if *is_doubtful {
                tracing::warn!(
                    "neighbours have other times: blocks of this node's epoch may be refused; set this host's clock"
                );
            }
        }
        self.module.handle(now, input);
    }

    fn poll(&mut self, room: Room) -> Option<Vec<u8>> {
        self.module.poll(room)
    }

    fn wanted_at(&self) -> Instant {
        self.module.wanted_at()
    }
}
