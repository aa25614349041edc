//! Jobs over the very engine: a requester, executors that come and go, and bystanders that only pass on what others say.

#![allow(dead_code, unused_imports, reason = "not every test and example needs all of it")]

#[path = "../../../core-wasm/tasks/tests/common/mod.rs"]
mod common;

use std::sync::{Arc, Mutex, MutexGuard};

use tabmesh_port::{Attachment, Input, Instant, Module, NodeId, Port, Room};
use tabmesh_simulator::{Overlay, Scenario};
use tabmesh_world::dice::Dice;

pub(crate) use common::asking::Asking;
pub(crate) use common::given::task_id;
pub(crate) use common::running::Conduct;
pub(crate) use common::{MS, Node, SECOND};

/// The module with its shell, which the test looks into.
#[derive(Clone)]
struct Seen(Arc<Mutex<Node>>);

impl Module for Seen {
    fn handle(&mut self, now: Instant, input: Input<'_>) {
        self.0.lock().unwrap().handle(now, input);
    }

    fn poll(&mut self, room: Room) -> Option<Vec<u8>> {
        self.0.lock().unwrap().poll(room)
    }

    fn wanted_at(&self) -> Instant {
        self.0.lock().unwrap().wanted_at()
    }
}

/// What an executor does, by its number.
pub(crate) type OfNode = fn(u32) -> Conduct;

/// An overlay whose node 0 asks and whose next ones offer.
pub(crate) struct Jobs {
    pub(crate) overlay: Overlay,
    requester: Seen,
    executors: u32,
    conduct: OfNode,
    /// Executors that went: which, and when they come back.
    away: Vec<(u32, u64)>,
    dice: Dice,
    now: u64,
    pub(crate) went: u32,
}

impl Jobs {
    /// So many nodes, of which so many offer, each as `conduct` says of its number.
    pub(crate) fn new(
        seed: u64,
        (nodes, executors): (u32, u32),
        network: &str,
        conduct: OfNode,
        asking: impl FnOnce(&mut Asking),
    ) -> Self {
        let scenario =
            format!("about = 'jobs'\nnodes = {nodes}\nseconds = 3600\n[arrivals]\nover_s = 20\n{network}");
        let mut overlay = Overlay::new(&Scenario::parse(&scenario).unwrap(), seed).unwrap();
        overlay.run_for(60 * SECOND);
        overlay.watch(Port::TASKS);
        let mut requester = None;
        overlay.attach(0, Port::TASKS, 1, |attachment| {
            let mut node = Node::new(attachment);
            asking(&mut node.asking);
            Box::new(requester.insert(Seen(Arc::new(Mutex::new(node)))).clone())
        });
        let requester = requester.expect("a module is made as it is attached");
        let dice = Dice::new(seed, 7);
        let mut jobs =
            Self { overlay, requester, executors, conduct, away: Vec::new(), dice, now: 0, went: 0 };
        (1..=executors).for_each(|node| jobs.offer(node));
        jobs.overlay.run_for(10 * SECOND);
        jobs.overlay.command(0, Port::TASKS, &[1]);
        jobs
    }

    fn offer(&mut self, node: u32) {
        let conduct = (self.conduct)(node);
        self.overlay.attach(node, Port::TASKS, 1, |attachment: Attachment| {
            let mut node = Node::new(attachment);
            node.running.conduct = conduct;
            Box::new(Seen(Arc::new(Mutex::new(node))))
        });
        self.overlay.command(node, Port::TASKS, &[2]);
    }

    pub(crate) fn node(&self) -> MutexGuard<'_, Node> {
        self.requester.0.lock().unwrap()
    }

    pub(crate) fn ids(&self) -> Vec<NodeId> {
        (0..=self.executors).filter_map(|node| self.overlay.id(node)).collect()
    }

    /// A second passes in which each executor goes with this chance, and comes back as somebody else after some ten.
    pub(crate) fn second(&mut self, goes: f64) {
        for node in 1..=self.executors {
            if self.overlay.id(node).is_some() && self.dice.chance(goes) {
                let is_silent = self.dice.chance(0.5);
                self.overlay.leave(node, is_silent);
                self.away.push((node, self.now + 5 + self.dice.below(10)));
                self.went += 1;
            }
        }
        let back: Vec<u32> =
            self.away.extract_if(.., |(_, at)| *at <= self.now).map(|(node, _)| node).collect();
        back.iter().for_each(|node| self.overlay.arrive(*node));
        self.overlay.run_for(SECOND);
        for node in back {
            if self.overlay.id(node).is_some() {
                self.offer(node)
            } else {
                self.away.push((node, self.now + 1))
            }
        }
        self.now += 1;
    }

    /// Seconds until all jobs ended, at most so many.
    pub(crate) fn run_to_end(&mut self, seconds_max: u64, goes: f64) -> u64 {
        while self.now < seconds_max && !self.node().asking.is_over() {
            self.second(goes);
        }
        self.now
    }
}
