//! Jobs over the very engine: requesters, executors that come, freeze and go, and bystanders that only pass on what others say.

#![allow(dead_code, unused_imports, reason = "not every test and example needs all of it")]

#[path = "../../../core-wasm/tasks/tests/common/mod.rs"]
mod common;

use std::collections::BTreeSet;
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

/// What an executor does, by its number from 1.
pub(crate) type OfNode = fn(u32) -> Conduct;

/// Who is there: the first nodes ask, the next ones offer, all others pass on.
#[derive(Clone, Copy)]
pub(crate) struct Crowd {
    pub(crate) requesters: u32,
    pub(crate) executors: u32,
    pub(crate) bystanders: u32,
}

/// What happens to executors: the chance that one goes within a second, and how many of them are frozen at any time.
#[derive(Clone, Copy)]
pub(crate) struct Fate {
    pub(crate) goes: f64,
    pub(crate) frozen: f64,
}

/// How long one is frozen, on average.
const FROZEN_S: u64 = 60;

impl Fate {
    pub(crate) fn goes(goes: f64) -> Self {
        Self { goes, frozen: 0.0 }
    }

    /// The chance that one that is awake freezes within a second.
    fn freezes(self) -> f64 {
        self.frozen / (1.0 - self.frozen) / FROZEN_S as f64
    }
}

/// An overlay with requesters and executors.
pub(crate) struct Jobs {
    pub(crate) overlay: Overlay,
    requesters: Vec<Seen>,
    crowd: Crowd,
    conduct: OfNode,
    /// Executors that went: which, and when they come back.
    away: Vec<(u32, u64)>,
    /// Until when executors are frozen, by number from 0.
    frozen_until: Vec<u64>,
    dice: Dice,
    now: u64,
    pub(crate) went: u32,
    pub(crate) froze: u32,
    /// Seconds of all executors together: there; awake; awake, and held by somebody.
    pub(crate) there_s: u64,
    pub(crate) awake_s: u64,
    pub(crate) held_s: u64,
}

impl Jobs {
    /// A crowd of whose executors each is as `conduct` says of its number.
    pub(crate) fn new(
        seed: u64,
        crowd: Crowd,
        network: &str,
        conduct: OfNode,
        asking: impl Fn(&mut Asking),
    ) -> Self {
        let nodes = crowd.requesters + crowd.executors + crowd.bystanders;
        let scenario =
            format!("about = 'jobs'\nnodes = {nodes}\nseconds = 3600\n[arrivals]\nover_s = 20\n{network}");
        let mut overlay = Overlay::new(&Scenario::parse(&scenario).unwrap(), seed).unwrap();
        overlay.run_for(60 * SECOND);
        let requesters = (0..crowd.requesters).map(|node| {
            let mut requester = None;
            overlay.attach(node, Port::TASKS, 1, |attachment| {
                let mut node = Node::new(attachment);
                asking(&mut node.asking);
                Box::new(requester.insert(Seen(Arc::new(Mutex::new(node)))).clone())
            });
            requester.expect("a module is made as it is attached")
        });
        let requesters = requesters.collect();
        let mut jobs = Self {
            overlay,
            requesters,
            crowd,
            conduct,
            away: Vec::new(),
            frozen_until: vec![0; crowd.executors as usize],
            dice: Dice::new(seed, 7),
            now: 0,
            went: 0,
            froze: 0,
            there_s: 0,
            awake_s: 0,
            held_s: 0,
        };
        jobs.executors().for_each(|node| jobs.offer(node));
        jobs.overlay.run_for(10 * SECOND);
        (0..crowd.requesters).for_each(|node| jobs.overlay.command(node, Port::TASKS, &[1]));
        jobs
    }

    /// The nodes that offer.
    fn executors(&self) -> std::ops::Range<u32> {
        self.crowd.requesters..self.crowd.requesters + self.crowd.executors
    }

    fn offer(&mut self, node: u32) {
        let conduct = (self.conduct)(node - self.crowd.requesters + 1);
        self.overlay.attach(node, Port::TASKS, 1, |attachment: Attachment| {
            let mut node = Node::new(attachment);
            node.running.conduct = conduct;
            Box::new(Seen(Arc::new(Mutex::new(node))))
        });
        self.overlay.command(node, Port::TASKS, &[2]);
    }

    /// The first requester.
    pub(crate) fn node(&self) -> MutexGuard<'_, Node> {
        self.requesters[0].0.lock().unwrap()
    }

    /// All requesters.
    pub(crate) fn nodes(&self) -> impl Iterator<Item = MutexGuard<'_, Node>> {
        self.requesters.iter().map(|requester| requester.0.lock().unwrap())
    }

    pub(crate) fn ids(&self) -> Vec<NodeId> {
        (0..self.executors().end).filter_map(|node| self.overlay.id(node)).collect()
    }

    /// No more tasks are added.
    pub(crate) fn finish(&mut self) {
        (0..self.crowd.requesters).for_each(|node| self.overlay.command(node, Port::TASKS, &[4]));
    }

    /// A second passes in which each executor may go, and comes back as somebody else after some ten, or may be frozen.
    pub(crate) fn second(&mut self, fate: Fate) {
        for node in self.executors() {
            if self.overlay.id(node).is_some() && self.dice.chance(fate.goes) {
                let is_silent = self.dice.chance(0.5);
                self.overlay.leave(node, is_silent);
                self.away.push((node, self.now + 5 + self.dice.below(10)));
                self.frozen_until[(node - self.crowd.requesters) as usize] = 0;
                self.went += 1;
            }
            self.may_freeze(node, fate);
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
        self.count_held();
    }

    fn may_freeze(&mut self, node: u32, fate: Fate) {
        let at = (node - self.crowd.requesters) as usize;
        let chance = if self.now == 0 { fate.frozen } else { fate.freezes() };
        if fate.frozen > 0.0
            && self.frozen_until[at] <= self.now
            && self.overlay.id(node).is_some()
            && self.dice.chance(chance)
        {
            // Half as long to half as long again.
            let seconds = FROZEN_S / 2 + self.dice.below(FROZEN_S + 1);
            self.frozen_until[at] = self.now + seconds;
            self.overlay.freeze(node, seconds * SECOND);
            self.froze += 1;
        }
    }

    fn count_held(&mut self) {
        let held: BTreeSet<NodeId> = self.nodes().flat_map(|node| node.held().to_vec()).collect();
        for node in self.executors() {
            let Some(id) = self.overlay.id(node) else { continue };
            let is_awake = self.frozen_until[(node - self.crowd.requesters) as usize] <= self.now;
            self.there_s += 1;
            self.awake_s += u64::from(is_awake);
            self.held_s += u64::from(is_awake && held.contains(&id));
        }
    }

    pub(crate) fn is_over(&self) -> bool {
        self.nodes().all(|node| node.asking.is_over())
    }

    /// Seconds until all jobs ended, at most so many.
    pub(crate) fn run_to_end(&mut self, seconds_max: u64, fate: Fate) -> u64 {
        while self.now < seconds_max && !self.is_over() {
            self.second(fate);
        }
        self.now
    }
}
