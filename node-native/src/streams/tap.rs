//! The way of the module's events to the hub. Nothing is lost on it: bytes that are missing would end their stream.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tabmesh_port::{Input, Instant, Module, Outbox, Output, Room, Status, Told, Wish};
use tabmesh_stream::STREAMS_MAX;
use tokio::sync::mpsc;

/// Events that wait for the hub before other nodes are put off: twice what the windows of all streams hold in whole pieces. Their questions
/// are answered [`Status::TooManyRequests`] then, and asked again. How much of one stream may wait is the module's bound, and the reader's
/// alone.
pub(super) const EVENTS_MAX: usize = STREAMS_MAX * 32;

/// A module whose events go to the hub, and not by the driver: listeners there may miss some.
pub(super) struct Tap<M> {
    module: M,
    events: mpsc::UnboundedSender<Vec<u8>>,
    waiting: Arc<AtomicUsize>,
    /// Answers to those who are put off.
    outbox: Outbox,
}

/// Where they come out.
pub(super) struct Events {
    events: mpsc::UnboundedReceiver<Vec<u8>>,
    waiting: Arc<AtomicUsize>,
}

/// Where events go in, for a module that is yet to be made.
pub(super) struct Teller {
    events: mpsc::UnboundedSender<Vec<u8>>,
    waiting: Arc<AtomicUsize>,
}

pub(super) fn channel() -> (Teller, Events) {
    let (sender, events) = mpsc::unbounded_channel();
    let waiting = Arc::new(AtomicUsize::new(0));
    (Teller { events: sender, waiting: waiting.clone() }, Events { events, waiting })
}

impl Events {
    /// The next event; `None` once the module is gone.
    pub(super) async fn next(&mut self) -> Option<Vec<u8>> {
        let event = self.events.recv().await;
        self.count(event)
    }

    /// One that waits already.
    pub(super) fn next_waiting(&mut self) -> Option<Vec<u8>> {
        let event = self.events.try_recv().ok();
        self.count(event)
    }

    fn count(&self, event: Option<Vec<u8>>) -> Option<Vec<u8>> {
        event.inspect(|_| {
            self.waiting.fetch_sub(1, Ordering::Relaxed);
        })
    }
}

impl Teller {
    /// Takes what this module tells.
    pub(super) fn tap<M>(self, module: M) -> Tap<M> {
        Tap { module, events: self.events, waiting: self.waiting, outbox: Outbox::default() }
    }
}

impl<M: Module> Module for Tap<M> {
    fn handle(&mut self, now: Instant, input: Input<'_>) {
        match input {
            Input::Told(Told::Asked { ticket, .. }) if self.waiting.load(Ordering::Relaxed) >= EVENTS_MAX => {
                let status = Status::TooManyRequests;
                self.outbox.put(&Output::Wish(Wish::Reply { ticket, status, bytes: &[] }));
            }
            input => self.module.handle(now, input),
        }
    }

    fn poll(&mut self, room: Room) -> Option<Vec<u8>> {
        if let Some(flat) = self.outbox.poll(room) {
            return Some(flat);
        }
        loop {
            let flat = self.module.poll(room)?;
            let Ok(Output::Event(event)) = Output::read(&flat) else { return Some(flat) };
            self.waiting.fetch_add(1, Ordering::Relaxed);
            // Without a hub the module is about to be detached.
            let _ = self.events.send(event.to_vec());
        }
    }

    fn wanted_at(&self) -> Instant {
        self.module.wanted_at()
    }
}
