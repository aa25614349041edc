//! P3: a world of counters gives one trace, natively and in Wasm: over a perfect port, and two modules side by side over the overlay.
//!
//! The `.wasm` as a shell has it, in an engine, against the native counter: the same seed, nodes, weather and commands.

mod loaded;

use loaded::{Built, Loaded};
use tabmesh_counter::{Command, Counter, port};
use tabmesh_port::{Attachment, Module, Port, Room};
use tabmesh_simulator::{Overlay, Scenario};
use tabmesh_world::perfect::{Perfect, Place, Weather};

const SECOND: u64 = 1_000_000;

/// What happens in a world of counters, however they are made.
fn trace<M: Module>(seed: u64, mut make: impl FnMut(Attachment) -> M) -> u64 {
    let mut world = Perfect::new(seed, Weather::FOUL);
    let places: Vec<Place> = (0..8).map(|_| world.attach(port(), &mut make)).collect();
    for (number, place) in places.iter().enumerate() {
        world.command(*place, &Command::Add(1 << number).emit());
        world.command(*place, &[9, 9]);
    }
    world.cut(&places[5..]);
    world.run_for(30 * SECOND);
    world.restart(places[2], &mut make);
    world.heal();
    world.command(places[2], &Command::Add(1_000).emit());
    world.run_for(60 * SECOND);
    world.trace()
}

/// What happens on an overlay whose nodes have two counters each, however they are made.
fn trace_over_the_overlay(seed: u64, make: impl Fn(Attachment) -> Box<dyn Module + Send>) -> u64 {
    let scenario = "about = 'counters'\nnodes = 9\nseconds = 99\n[arrivals]\nover_s = 2";
    let mut overlay = Overlay::new(&Scenario::parse(scenario).unwrap(), seed).unwrap();
    overlay.run_for(15 * SECOND);
    let ports = [port(), Port(77)];
    for (node, port) in (0..6).flat_map(|node| ports.map(|port| (node, port))) {
        overlay.attach(node, port, 1, &make);
        overlay.command(node, port, &Command::Add(1 << node).emit());
    }
    overlay.run_for(5 * SECOND);
    overlay.detach(3, ports[1]);
    overlay.leave(4, true);
    overlay.run_for(25 * SECOND);
    overlay.trace()
}

#[test]
fn p3_the_wasm_module_and_the_native_one_give_one_trace() {
    let built = Built::of("tabmesh-counter-wasm");
    for seed in 1..=3 {
        let in_wasm = trace(seed, |attachment| built.start(&attachment));
        assert_eq!(in_wasm, trace(seed, Counter::new), "seed {seed}");
        let in_wasm = trace_over_the_overlay(seed, |attachment| Box::new(built.start(&attachment)));
        let native = trace_over_the_overlay(seed, |attachment| Box::new(Counter::new(attachment)));
        assert_eq!(in_wasm, native, "seed {seed}");
    }
    bad_bytes_are_refused(&mut built.load());
}

fn bad_bytes_are_refused(loaded: &mut Loaded) {
    assert!(!loaded.hand(0, &[0]), "nothing was started");
    assert_eq!((loaded.poll(Room::ALL), loaded.wants_at()), (None, u64::MAX));
    assert!(!loaded.start(&[1; 107]));
    assert!(loaded.start(&[1; 108]));
    assert!(!loaded.hand(0, &[]) && !loaded.hand(0, &[200, 1]));
    assert!(loaded.hand(0, &[0]));
}
