//! Nodes on a perfect port whose shells run tasks by a hash, each in its own way.

#![allow(dead_code, unused_imports, reason = "not every test needs all of it")]

pub(crate) mod asking;
pub(crate) mod given;
pub(crate) mod running;

use std::collections::VecDeque;

use asking::Asking;
pub(crate) use given::{MS, SECOND, honest, task_id};
use running::{Conduct, Running};
use tabmesh_port::{Attachment, Input, Instant, Module, Output, Port, Room};
use tabmesh_tasks::{Event, Tasks};
use tabmesh_world::perfect::{Perfect, Place, Weather};

/// A node: the module, and its shell.
pub(crate) struct Node {
    tasks: Tasks,
    now: Instant,
    pub(crate) asking: Asking,
    pub(crate) running: Running,
    outputs: VecDeque<Vec<u8>>,
}

impl Node {
    pub(crate) fn new(attachment: Attachment) -> Self {
        Self {
            tasks: Tasks::new(attachment),
            now: Instant(0),
            asking: Asking::new(&attachment),
            running: Running::default(),
            outputs: VecDeque::new(),
        }
    }

    /// Takes what the module gives: events are the shell's own business.
    fn drain(&mut self) {
        loop {
            while let Some(flat) = self.tasks.poll(Room::ALL) {
                match Output::read(&flat).expect("an output") {
                    Output::Event(bytes) => {
                        let event = Event::read(bytes).expect("an event");
                        assert_eq!(event.emit(), bytes, "an event's bytes are its own");
                        self.asking.hear(self.now, &event);
                        self.running.hear(self.now, &event);
                    }
                    _ => self.outputs.push_back(flat),
                }
            }
            let next = self.asking.next(self.now).or_else(|| self.running.next(self.now));
            let Some(command) = next else { return };
            self.tasks.handle(self.now, Input::Command(&command));
        }
    }
}

impl Module for Node {
    /// A command is for the shell: 1 begins its jobs, 2 offers, 3 withdraws; anything longer goes to the module.
    fn handle(&mut self, now: Instant, input: Input<'_>) {
        self.now = now;
        match input {
            Input::Command(&[1]) => self.asking.begin(),
            Input::Command(&[2]) => self.running.offer(),
            Input::Command(&[3]) => self.running.withdraw(),
            input => self.tasks.handle(now, input),
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

/// A requester and executors.
pub(crate) struct World {
    pub(crate) net: Perfect<Node>,
    pub(crate) requester: Place,
    pub(crate) executors: Vec<Place>,
}

impl World {
    /// Executors of which each is as `conduct` says by its number. They stand on the lists when it begins.
    pub(crate) fn new(
        seed: u64,
        weather: Weather,
        executors: usize,
        conduct: impl Fn(usize) -> Conduct,
        asking: impl FnOnce(&mut Asking),
    ) -> Self {
        let mut net = Perfect::new(seed, weather);
        let executors: Vec<Place> = (0..executors)
            .map(|number| {
                net.attach(Port::TASKS, |attachment| {
                    let mut node = Node::new(attachment);
                    node.running.conduct = conduct(number);
                    node
                })
            })
            .collect();
        let requester = net.attach(Port::TASKS, |attachment| {
            let mut node = Node::new(attachment);
            asking(&mut node.asking);
            node
        });
        executors.iter().for_each(|place| net.command(*place, &[2]));
        net.run_for(5 * SECOND);
        Self { net, requester, executors }
    }

    pub(crate) fn begin(&mut self) {
        self.net.command(self.requester, &[1]);
    }

    /// Lets time pass until all jobs ended, at most so long; how long it took.
    pub(crate) fn run_to_end(&mut self, us_max: u64) -> u64 {
        let mut took = 0;
        while took < us_max && !self.asking().is_over() {
            self.net.run_for(SECOND / 10);
            took += SECOND / 10;
        }
        took
    }

    pub(crate) fn asking(&self) -> &Asking {
        &self.net.module(self.requester).expect("the requester is there").asking
    }

    pub(crate) fn running(&self, number: usize) -> &Running {
        &self.net.module(self.executors[number]).expect("the executor is there").running
    }
}
