//! The way of a native module's events to the part of this program that is its face. Nothing is lost on it: listeners at the driver may
//! miss some.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tabmesh_port::{Input, Instant, Module, Outbox, Output, Room, Status, Told, Wish};
use tokio::sync::mpsc;

/// A module whose events go to its face, and not by the driver.
pub(crate) struct Tap<M> {
    module: M,
    events: mpsc::UnboundedSender<Vec<u8>>,
    waiting: Arc<AtomicUsize>,
    waiting_max: usize,
    /// Answers to those who are put off.
    outbox: Outbox,
}

/// Where they come out.
pub(crate) struct Events {
    events: mpsc::UnboundedReceiver<Vec<u8>>,
    waiting: Arc<AtomicUsize>,
}

/// Where events go in, for a module that is yet to be made.
pub(crate) struct Teller {
    events: mpsc::UnboundedSender<Vec<u8>>,
    waiting: Arc<AtomicUsize>,
    waiting_max: usize,
}

/// While so many events wait for the face, questions of other nodes are answered [`Status::TooManyRequests`]; they are asked again. What else
/// the module tells is bounded by itself.
pub(crate) fn channel(waiting_max: usize) -> (Teller, Events) {
    let (sender, events) = mpsc::unbounded_channel();
    let waiting = Arc::new(AtomicUsize::new(0));
    (Teller { events: sender, waiting: waiting.clone(), waiting_max }, Events { events, waiting })
}

impl Events {
    /// The next event; `None` once the module is gone.
    pub(crate) async fn next(&mut self) -> Option<Vec<u8>> {
        let event = self.events.recv().await;
        self.count(event)
    }

    /// One that waits already.
    pub(crate) fn next_waiting(&mut self) -> Option<Vec<u8>> {
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
    pub(crate) fn tap<M>(self, module: M) -> Tap<M> {
        let Self { events, waiting, waiting_max } = self;
        Tap { module, events, waiting, waiting_max, outbox: Outbox::default() }
    }
}

impl<M: Module> Module for Tap<M> {
    fn handle(&mut self, now: Instant, input: Input<'_>) {
        match input {
            Input::Told(Told::Asked { ticket, .. })
                if self.waiting.load(Ordering::Relaxed) >= self.waiting_max =>
            {
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
            // Without a face the module is about to be detached.
            let _ = self.events.send(event.to_vec());
        }
    }

    fn wanted_at(&self) -> Instant {
        self.module.wanted_at()
    }
}
