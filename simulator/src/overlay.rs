//! The simulated overlay as a place to try modules on: what a test does to nodes and their modules, by hand.

use tabmesh_engine::{LinkView, NodeId};
use tabmesh_port::{Attachment, Module, Port};

use crate::crypto::StandIn;
use crate::dice::Dice;
use crate::event::What;
use crate::model::micros;
use crate::model::place::LEAST_US;
use crate::scenario::Scenario;
use crate::world::World;

/// Nodes of one overlay, each with the very engine that a tab has, over the scenario's machines and network. The same scenario, seed
/// and calls give the same [trace](Overlay::trace).
pub struct Overlay {
    world: World<StandIn>,
}

impl Overlay {
    /// The nodes of a scenario come, evenly over its arrivals' span; of what else it plans nothing happens.
    ///
    /// # Errors
    /// Where the scenario is impossible.
    pub fn new(scenario: &Scenario, seed: u64) -> anyhow::Result<Self> {
        scenario.check()?;
        let mut world = World::new(scenario, seed, 1);
        let (over, mut dice) = (micros(scenario.arrivals.over_s), Dice::new(seed, 3 << 40));
        for node in 0..scenario.nodes {
            let even = u64::from(node) * over / u64::from(scenario.nodes);
            world.inject(even + dice.below(LEAST_US), node, What::Start);
        }
        Ok(Self { world })
    }

    /// Lets so many microseconds pass, and the rest of a window.
    pub fn run_for(&mut self, us: u64) {
        let until = (self.world.now + us).div_ceil(LEAST_US) * LEAST_US;
        self.world.run_to(until);
        let shard = &mut self.world.shards[0];
        shard.notes.clear();
        shard.set_time(until);
    }

    /// A module comes to a node.
    ///
    /// # Panics
    /// If the node is not there, or the port is not to be had.
    pub fn attach(
        &mut self,
        node: u32,
        port: Port,
        version: u8,
        make: impl FnOnce(Attachment) -> Box<dyn Module + Send>,
    ) {
        assert!(self.id(node).is_some(), "node {node} is not there");
        let World { shards, ground, .. } = &mut self.world;
        let attached = shards[0].attach(ground, node, (port, version), make);
        assert_eq!(attached, Ok(()), "port {} of node {node}", port.0);
    }

    /// The module of a port goes; nothing happens if there is none.
    pub fn detach(&mut self, node: u32, port: Port) {
        let World { shards, ground, .. } = &mut self.world;
        shards[0].detach(ground, node, port);
    }

    /// The face of a module wants something.
    pub fn command(&mut self, node: u32, port: Port, bytes: &[u8]) {
        let World { shards, ground, .. } = &mut self.world;
        shards[0].command(ground, node, port, bytes);
    }

    /// What the face of a module heard since it was asked last, oldest first.
    pub fn events(&mut self, node: u32, port: Port) -> Vec<Vec<u8>> {
        self.world.shards[0].take_events(node, port)
    }

    /// The id of a node, if it is there.
    pub fn id(&self, node: u32) -> Option<NodeId> {
        self.world.shards[0].id(node)
    }

    /// The links of a node.
    pub fn links(&self, node: u32) -> Vec<LinkView> {
        self.world.shards[0].engine(node).map_or_else(Vec::new, |engine| engine.links().collect())
    }

    /// How many frames for modules of a port a node has sent so far: what its own said, and what it passed on for others. What a relay
    /// carries sealed is counted where it was sealed.
    pub fn carried(&self, node: u32, port: Port) -> u64 {
        self.world.shards[0].carried.get(&(node, port.0)).copied().unwrap_or(0)
    }

    /// From now on keeps frames for modules of a port that nodes pass on which they are neither from nor for.
    pub fn watch(&mut self, port: Port) {
        self.world.shards[0].watched = Some(port.0);
    }

    /// Those frames since the last call, with who passed them on.
    pub fn passed(&mut self) -> Vec<(u32, Vec<u8>)> {
        std::mem::take(&mut self.world.shards[0].passed)
    }

    /// A node goes, with its modules: without a word, or saying goodbye.
    pub fn leave(&mut self, node: u32, silent: bool) {
        let World { shards, ground, .. } = &mut self.world;
        shards[0].depart(ground, node, silent);
    }

    /// A newcomer takes the place of a node that is gone.
    pub fn arrive(&mut self, node: u32) {
        let now = self.world.now;
        self.world.inject(now, node, What::Start);
    }

    /// A node is frozen, as a hidden tab is: it does nothing for so many microseconds, and what comes for it waits.
    pub fn freeze(&mut self, node: u32, for_us: u64) {
        let now = self.world.now;
        self.world.inject(now, node, What::Freeze { for_us });
    }

    /// Nothing passes any more between these nodes and the others.
    pub fn cut(&mut self, nodes: &[u32]) {
        let sides = (0..self.world.ground.nodes).map(|node| u8::from(nodes.contains(&node))).collect();
        let World { shards, ground, .. } = &mut self.world;
        ground.cut.fall_apart(sides);
        shards[0].notice_cut(ground);
    }

    /// It does again.
    pub fn heal(&mut self) {
        let World { shards, ground, .. } = &mut self.world;
        ground.cut.heal();
        shards[0].resume(ground);
    }

    /// Hash over everything that engines and the faces of modules took in and put out.
    pub fn trace(&self) -> u64 {
        self.world.trace_hash()
    }

    /// The first rule of the engine's contract that was broken, in words.
    pub fn broken(&self) -> Option<&str> {
        self.world.shards[0].counts.first_broken.as_deref()
    }
}
