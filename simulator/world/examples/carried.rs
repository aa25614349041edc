//! Measures how many messages a second a perfect port carries on one core: nodes that pass words on, each to one of the others.
//!
//! `cargo run --release --package tabmesh-world --example carried`

use std::time::Instant as Stopwatch;

use tabmesh_port::{Attachment, Input, Instant, Module, NodeId, Port, Room, Told, Wish};
use tabmesh_world::perfect::{Perfect, Weather};

const NODES: usize = 64;
const WORDS: usize = 16;
const SECONDS: u64 = 60;

/// Passes every message on.
struct Courier {
    view: Vec<NodeId>,
    turn: usize,
    next: Option<Vec<u8>>,
}

impl Courier {
    fn pass_on(&mut self, bytes: &[u8]) {
        self.turn += 1;
        let Some(to) = self.view.get(self.turn % self.view.len().max(1)) else { return };
        self.next = Some(Wish::Tell { to: std::slice::from_ref(to), bytes }.emit());
    }
}

impl Module for Courier {
    fn handle(&mut self, _: Instant, input: Input<'_>) {
        match input {
            Input::Told(Told::View { ids, .. }) => self.view = ids.to_vec(),
            Input::Told(Told::Said { bytes, .. }) | Input::Command(bytes) => self.pass_on(bytes),
            _ => {}
        }
    }

    fn poll(&mut self, _: Room) -> Option<Vec<u8>> {
        self.next.take()
    }

    fn wanted_at(&self) -> Instant {
        Instant::NEVER
    }
}

fn courier(_: Attachment) -> Courier {
    Courier { view: Vec::new(), turn: 0, next: None }
}

fn main() {
    let mut world = Perfect::new(1, Weather::FAIR);
    let places: Vec<_> = (0..NODES).map(|_| world.attach(Port(77), courier)).collect();
    for place in &places {
        (0..WORDS).for_each(|_| world.command(*place, &[7; 100]));
    }
    let watch = Stopwatch::now();
    world.run_for(SECONDS * 1_000_000);
    let per_s = world.carried() as f64 / watch.elapsed().as_secs_f64();
    println!("{} messages of 100 bytes, {per_s:.0} a second", world.carried());
}
