//! A node of the tests.

use std::collections::VecDeque;

use tabmesh_port::{Attachment, Input, Instant, Module, NodeId, Output, Room, Wish};
use tabmesh_tasks::{Event, Tasks};

use super::asking::Asking;
use super::running::Running;

/// A node: the module, and its shell.
pub(crate) struct Node<M = Tasks> {
    tasks: M,
    now: Instant,
    pub(crate) asking: Asking,
    pub(crate) running: Running,
    outputs: VecDeque<Vec<u8>>,
    /// What the module alone holds of the heap, in bytes, and the most that it held.
    pub(crate) heap: i64,
    pub(crate) heap_max: i64,
    /// To whom it holds links, since when, and microseconds times links until then.
    held: (Vec<NodeId>, Instant),
    held_us: u64,
}

impl Node {
    pub(crate) fn new(attachment: Attachment) -> Self {
        Self::with(Tasks::new(attachment), &attachment)
    }
}

impl<M: Module> Node<M> {
    /// A node with a module that was made otherwise.
    pub(crate) fn with(tasks: M, attachment: &Attachment) -> Self {
        Self {
            tasks,
            now: Instant(0),
            asking: Asking::new(attachment),
            running: Running::default(),
            outputs: VecDeque::new(),
            heap: 0,
            heap_max: 0,
            held: (Vec::new(), Instant(0)),
            held_us: 0,
        }
    }

    /// Microseconds that it held links, of all links together.
    pub(crate) fn held_us(&self) -> u64 {
        let (links, since) = &self.held;
        self.held_us + links.len() as u64 * self.now.since(*since).0
    }

    /// To whom it holds links.
    pub(crate) fn held(&self) -> &[NodeId] {
        &self.held.0
    }

    /// Has the module do something, and counts what it keeps.
    fn count<T>(&mut self, call: impl FnOnce(&mut M) -> T) -> T {
        let before = tabmesh_heap::balance();
        let came = call(&mut self.tasks);
        self.heap += tabmesh_heap::balance() - before;
        came
    }

    fn poll_module(&mut self) -> Option<Vec<u8>> {
        let flat = self.count(|tasks| tasks.poll(Room::ALL))?;
        // The shell's from now on.
        self.heap -= flat.capacity() as i64;
        Some(flat)
    }

    /// Takes what the module gives: events are the shell's own business.
    fn drain(&mut self) {
        loop {
            while let Some(flat) = self.poll_module() {
                match Output::read(&flat).expect("an output") {
                    Output::Event(bytes) => {
                        let event = Event::read(bytes).expect("an event");
                        assert_eq!(event.emit(), bytes, "an event's bytes are its own");
                        self.asking.hear(self.now, &event);
                        self.running.hear(self.now, &event);
                    }
                    output => {
                        if let Output::Wish(Wish::Hold { ids }) = output {
                            self.held_us = self.held_us();
                            self.held = (ids.to_vec(), self.now);
                        }
                        self.outputs.push_back(flat);
                    }
                }
            }
            let next = self.asking.next(self.now).or_else(|| self.running.next(self.now));
            self.heap_max = self.heap_max.max(self.heap);
            let Some(command) = next else { return };
            let now = self.now;
            self.count(|tasks| tasks.handle(now, Input::Command(&command)));
        }
    }
}

impl<M: Module> Module for Node<M> {
    /// A command is for the shell: 1 begins its jobs, 2 offers, 3 withdraws, 4 ends its jobs with what they have; anything longer goes to
    /// the module.
    fn handle(&mut self, now: Instant, input: Input<'_>) {
        self.now = now;
        match input {
            Input::Command(&[1]) => self.asking.begin(),
            Input::Command(&[2]) => self.running.offer(),
            Input::Command(&[3]) => self.running.withdraw(),
            Input::Command(&[4]) => self.asking.finish(),
            input => self.count(|tasks| tasks.handle(now, input)),
        }
        self.drain();
    }

    fn poll(&mut self, room: Room) -> Option<Vec<u8>> {
        let at = self.outputs.iter().position(|flat| room.has(flat[0]))?;
        self.outputs.remove(at)
    }

    fn wanted_at(&self) -> Instant {
        self.tasks.wanted_at().min(self.asking.wanted_at()).min(self.running.wanted_at())
    }
}
