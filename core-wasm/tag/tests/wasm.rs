//! A world of tags gives one trace, natively and in Wasm, over a perfect port and over the overlay.

#[path = "../../examples/counter/tests/loaded/mod.rs"]
mod loaded;

use loaded::Built;
use tabmesh_port::{Attachment, Module, NodeId, Port};
use tabmesh_simulator::{Overlay, Scenario};
use tabmesh_tag::{Command, Tag, port};
use tabmesh_world::perfect::{Perfect, Place, Weather};

const SECOND: u64 = 1_000_000;

fn tag() -> Port {
    port("blue")
}

/// What happens in a world of tags, however they are made: more publications than are kept, messages, a cut, a restart, nonsense.
fn trace<M: Module>(seed: u64, mut make: impl FnMut(Attachment) -> M) -> u64 {
    let mut world = Perfect::new(seed, Weather::FOUL);
    let places: Vec<Place> = (0..12).map(|_| world.attach(tag(), &mut make)).collect();
    world.run_for(10 * SECOND);
    let publish = |world: &mut Perfect<M>, from: usize, op: u32| {
        let bytes = vec![op as u8; (op as usize * 37) % 800];
        world.command(places[from % 12], &Command::Publish { op, bytes: &bytes }.emit());
        let key = NodeId([op as u8; 32]);
        world
            .command(places[from % 12], &Command::SendClosest { op, key: &key, bytes: &[from as u8] }.emit());
        world.command(places[from % 12], &[9, 9]);
        world.run_for(SECOND / 5);
    };
    (0..60).for_each(|op| publish(&mut world, op as usize, op));
    world.cut(&places[7..]);
    (60..80).for_each(|op| publish(&mut world, op as usize, op));
    world.restart(places[2], &mut make);
    world.heal();
    world.run_for(60 * SECOND);
    world.trace()
}

/// What happens on an overlay where every other node is a member.
fn trace_over_the_overlay(seed: u64, make: impl Fn(Attachment) -> Box<dyn Module + Send>) -> u64 {
    let scenario = "about = 'tags'\nnodes = 12\nseconds = 99\n[arrivals]\nover_s = 2";
    let mut overlay = Overlay::new(&Scenario::parse(scenario).unwrap(), seed).unwrap();
    overlay.run_for(15 * SECOND);
    let members: Vec<u32> = (0..12).step_by(2).collect();
    members.iter().for_each(|node| overlay.attach(*node, tag(), 1, &make));
    overlay.run_for(15 * SECOND);
    for node in &members {
        overlay.command(*node, tag(), &Command::Publish { op: 1, bytes: &[*node as u8; 99] }.emit());
    }
    overlay.run_for(5 * SECOND);
    overlay.leave(4, true);
    overlay.run_for(25 * SECOND);
    overlay.trace()
}

#[test]
fn the_wasm_module_and_the_native_one_give_one_trace() {
    let built = Built::of("tabmesh-tag-wasm");
    let load = |attachment: Attachment| built.start(&attachment);
    for seed in 1..=2 {
        assert_eq!(trace(seed, load), trace(seed, Tag::new), "seed {seed}");
        let native = trace_over_the_overlay(seed, |attachment| Box::new(Tag::new(attachment)));
        assert_eq!(
            trace_over_the_overlay(seed, |attachment| Box::new(load(attachment))),
            native,
            "seed {seed}"
        );
    }
}
