//! Modules that misbehave on a perfect port: the world says which one it is, and goes on for ever with none of them.
//!
//! Goal: a test of a module with a fault ends, with the fault's name. Method: modules that do one thing wrong.

use std::collections::VecDeque;

use tabmesh_port::{Attachment, Input, Instant, Module, NodeId, Port, Room, Told, Wish};
use tabmesh_world::perfect::{Perfect, Place, Weather};

const MS: u64 = 1_000;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Fault {
    None,
    /// Its outputs never end.
    Outputs,
    /// It always wants to be woken at a time that is past.
    Wakes,
    /// It asks again at once whatever the answer.
    Asks,
}

struct Faulty {
    fault: Fault,
    outputs: VecDeque<Vec<u8>>,
    wanted_at: Instant,
    woken: Vec<u64>,
    links: Vec<bool>,
}

impl Faulty {
    fn new(fault: Fault) -> impl FnOnce(Attachment) -> Self {
        let wanted_at = if fault == Fault::Wakes { Instant(0) } else { Instant::NEVER };
        move |_| Self { fault, outputs: VecDeque::new(), wanted_at, woken: Vec::new(), links: Vec::new() }
    }

    fn ask(&mut self) {
        let ask = Wish::Ask { op: 1, to: &NodeId([9; 32]), within_ms: 1_000, bytes: b"" };
        self.outputs.push_back(ask.emit());
    }
}

impl Module for Faulty {
    fn handle(&mut self, now: Instant, input: Input<'_>) {
        match input {
            Input::Time if self.fault == Fault::None => {
                self.woken.push(now.0);
                self.wanted_at = Instant::NEVER;
            }
            // The first byte says what: a time to be woken at, or a wish.
            Input::Command([0, ms]) => self.wanted_at = Instant(u64::from(*ms) * MS),
            Input::Command([]) => self.ask(),
            Input::Command(flat) => self.outputs.push_back(flat.to_vec()),
            Input::Told(Told::Answered { .. }) if self.fault == Fault::Asks => self.ask(),
            Input::Told(Told::Linked { .. }) => self.links.push(true),
            Input::Told(Told::Unlinked { .. }) => self.links.push(false),
            _ => {}
        }
    }

    fn poll(&mut self, _: Room) -> Option<Vec<u8>> {
        if self.fault == Fault::Outputs {
            return Some(Wish::Cancel { op: 1 }.emit());
        }
        self.outputs.pop_front()
    }

    fn wanted_at(&self) -> Instant {
        self.wanted_at
    }
}

fn alone(fault: Fault) -> (Perfect<Faulty>, Place) {
    let mut world = Perfect::new(1, Weather::FAIR);
    let place = world.attach(Port(77), Faulty::new(fault));
    (world, place)
}

#[test]
#[should_panic(expected = "node 0 gives outputs without end")]
fn outputs_without_end_are_a_fault_of_the_module() {
    let (mut world, _) = alone(Fault::Outputs);
    world.run_for(MS);
}

#[test]
#[should_panic(expected = "node 0 wants to be woken at a time that is past")]
fn wakes_without_end_are_a_fault_of_the_module() {
    let (mut world, _) = alone(Fault::Wakes);
    world.run_for(100_000 * MS);
}

#[test]
#[should_panic(expected = "time stands still at node 0")]
fn asking_again_at_once_without_end_is_a_fault_of_the_module() {
    let (mut world, place) = alone(Fault::Asks);
    world.command(place, &[]);
    world.run_for(MS);
}

#[test]
fn a_module_is_woken_at_the_time_that_it_wanted_last() {
    let (mut world, place) = alone(Fault::None);
    world.command(place, &[0, 10]);
    world.command(place, &[0, 50]);
    world.run_for(20 * MS);
    assert!(world.module(place).expect("it is there").woken.is_empty());
    world.command(place, &[0, 30]);
    world.run_for(11 * MS);
    assert_eq!(world.module(place).expect("it is there").woken, [30 * MS]);
}

#[test]
fn nobody_is_linked_to_itself() {
    let (mut world, place) = alone(Fault::None);
    let id = world.id(place);
    world.command(place, &Wish::Hold { ids: &[id] }.emit());
    world.run_for(MS);
    assert_eq!(world.module(place).expect("it is there").links, [false]);
}
