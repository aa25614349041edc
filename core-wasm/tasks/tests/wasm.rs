//! A world of jobs gives one trace, natively and in Wasm.

#[path = "../../examples/counter/tests/loaded/mod.rs"]
mod loaded;

mod common;

use common::SECOND;
use common::node::Node;
use loaded::Built;
use tabmesh_port::{Attachment, Module, Port};
use tabmesh_tasks::Tasks;
use tabmesh_world::perfect::{Perfect, Place, Weather};

/// What happens in a world of three requesters of all levels and nine executors, however their modules are made: nonsense, a restart, a
/// cut, one that leaves.
fn trace<M: Module>(seed: u64, make: impl Fn(Attachment) -> M) -> u64 {
    let node = |attachment: Attachment| Node::with(make(attachment), &attachment);
    let mut net: Perfect<Node<M>> = Perfect::new(seed, Weather::FOUL);
    let requesters: Vec<Place> = (0..3)
        .map(|_| {
            net.attach(Port::TASKS, |attachment| {
                let mut node = node(attachment);
                (0..=4).for_each(|level| node.asking.job(level, 60));
                node.asking.side_by_side = 2;
                node
            })
        })
        .collect();
    let executors: Vec<Place> = (0..9).map(|_| net.attach(Port::TASKS, node)).collect();
    executors.iter().for_each(|place| net.command(*place, &[2]));
    net.run_for(5 * SECOND);
    requesters.iter().for_each(|place| net.command(*place, &[1]));
    net.run_for(5 * SECOND);
    net.command(requesters[0], &[9, 9, 9]);
    net.restart(executors[1], node);
    net.command(executors[1], &[2]);
    net.cut(&executors[5..]);
    net.run_for(15 * SECOND);
    net.heal();
    net.detach(executors[7]);
    net.run_for(60 * SECOND);
    let accepted = |place: &Place| net.module(*place).map_or(0, |node| node.asking.accepted());
    assert!(requesters.iter().map(accepted).sum::<usize>() > 300);
    net.trace()
}

#[test]
fn the_wasm_module_and_the_native_one_give_one_trace() {
    let built = Built::of("tabmesh-tasks-wasm");
    for seed in 1..=2 {
        assert_eq!(
            trace(seed, |attachment| built.start(&attachment)),
            trace(seed, Tasks::new),
            "seed {seed}"
        );
    }
}
