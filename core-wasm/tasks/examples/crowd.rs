//! How busy executors are kept where they are many, and whether each task is accepted once.
//!
//! `cargo run --release -p tabmesh-tasks --example crowd [EXECUTORS [REQUESTERS [SECONDS [TASK_MS]]]]`: executors of one core, messages
//! that take 86 ms on average each way. Half of the executors go within ten minutes, unannounced, while others come, and a tenth is
//! frozen at any time, for a minute on average. After so many seconds no tasks are added, and the jobs end. The same over the very
//! engine: the example `jobs` of `tabmesh-simulator`.

#[path = "../tests/common/mod.rs"]
mod common;

use std::collections::BTreeSet;
use std::time::Instant;

use common::running::Conduct;
use common::{MS, Node, SECOND};
use tabmesh_port::{Attachment, NodeId, Port};
use tabmesh_world::dice::Dice;
use tabmesh_world::perfect::{Perfect, Place, Weather};

/// Chances of an executor in a second.
const GOES: f64 = std::f64::consts::LN_2 / 600.0;
const FREEZES: f64 = 1.0 / (9.0 * FROZEN_S as f64);
const FROZEN_S: u64 = 60;

/// Time for what was out when the last tasks were added.
const END_S: u64 = 600;

const WEATHER: Weather =
    Weather { delay_us_min: 60_000, delay_us_max: 112_000, loss_ppm: 0, twice_ppm: 0, job_us: 300 };

fn main() {
    let mut arguments = std::env::args().skip(1).map(|argument| argument.parse().expect("a number"));
    let mut next = |otherwise: u64| arguments.next().unwrap_or(otherwise);
    let (executors, requesters) = (next(1_000), next(50));
    let (seconds, task_us) = (next(300), next(50) * MS);
    let began = Instant::now();
    let mut crowd = Crowd::new(executors as usize, requesters as usize, task_us);
    (0..seconds).for_each(|_| crowd.second());
    let row = crowd.row();
    let lost = crowd.lost_in_the_end();
    println!("{executors} executors, {requesters} requesters, {seconds} s, tasks of {} ms", task_us / MS);
    println!(
        "| accepted | useful of all awake | of held and awake | frozen | given out a task | run here | lost |"
    );
    println!("|---:|---:|---:|---:|---:|---:|---:|");
    println!("{row} {lost} |");
    println!("{} went, {} were frozen; it took {:.0?}", crowd.went, crowd.froze, began.elapsed());
}

struct Crowd {
    net: Perfect<Node>,
    requesters: Vec<Place>,
    executors: Vec<Place>,
    frozen_until: Vec<u64>,
    task_us: u64,
    dice: Dice,
    now: u64,
    went: u32,
    froze: u32,
    /// Seconds of all executors together.
    there_s: u64,
    awake_s: u64,
    held_s: u64,
}

impl Crowd {
    fn new(executors: usize, requesters: usize, task_us: u64) -> Self {
        let mut net = Perfect::new(1, WEATHER);
        let executors: Vec<Place> =
            (0..executors).map(|_| net.attach(Port::TASKS, |it| executor(it, task_us))).collect();
        let requesters: Vec<Place> =
            (0..requesters).map(|_| net.attach(Port::TASKS, |it| requester(it, task_us))).collect();
        executors.iter().for_each(|place| net.command(*place, &[2]));
        net.run_for(20 * SECOND);
        requesters.iter().for_each(|place| net.command(*place, &[1]));
        let mut crowd = Self {
            net,
            frozen_until: vec![0; executors.len()],
            requesters,
            executors,
            task_us,
            dice: Dice::new(1, 2),
            now: 0,
            went: 0,
            froze: 0,
            there_s: 0,
            awake_s: 0,
            held_s: 0,
        };
        crowd.begin();
        crowd
    }

    /// A tenth is frozen from the first.
    fn begin(&mut self) {
        for at in 0..self.executors.len() {
            if self.dice.chance(0.1) {
                self.freeze(at);
            }
        }
    }

    fn freeze(&mut self, at: usize) {
        // Half as long to half as long again.
        let seconds = FROZEN_S / 2 + self.dice.below(FROZEN_S + 1);
        self.net.freeze(self.executors[at], seconds * SECOND);
        self.frozen_until[at] = self.now + seconds;
        self.froze += 1;
    }

    fn second(&mut self) {
        for at in 0..self.executors.len() {
            let place = self.executors[at];
            if self.dice.chance(GOES) {
                self.net.detach(place);
                self.net.restart(place, |it| executor(it, self.task_us));
                self.net.command(place, &[2]);
                self.frozen_until[at] = 0;
                self.went += 1;
            }
            if self.frozen_until[at] <= self.now && self.dice.chance(FREEZES) {
                self.freeze(at);
            }
        }
        self.net.run_for(SECOND);
        self.now += 1;
        self.count();
    }

    fn count(&mut self) {
        let held: BTreeSet<NodeId> = self.nodes().flat_map(|node| node.held().to_vec()).collect();
        for (place, until) in self.executors.iter().zip(&self.frozen_until) {
            let is_awake = *until <= self.now;
            self.there_s += 1;
            self.awake_s += u64::from(is_awake);
            self.held_s += u64::from(is_awake && held.contains(&self.net.id(*place)));
        }
    }

    fn nodes(&self) -> impl Iterator<Item = &Node> {
        self.requesters.iter().map(|place| self.net.module(*place).expect("requesters stay"))
    }

    fn row(&self) -> String {
        let accepted: u64 = self.nodes().map(|node| node.asking.accepted() as u64).sum();
        let ran_here: u64 = self.nodes().map(|node| u64::from(node.asking.ran_here)).sum();
        let issued: u64 = self.nodes().map(|node| u64::from(node.asking.jobs[0].issued)).sum();
        let useful = ((accepted - ran_here) * self.task_us) as f64 / SECOND as f64;
        format!(
            "| {accepted} | {:.3} | {:.3} | {:.3} | {:.2} | {ran_here} |",
            useful / self.awake_s as f64,
            useful / self.held_s as f64,
            1.0 - self.awake_s as f64 / self.there_s as f64,
            issued as f64 / accepted as f64,
        )
    }

    /// No more tasks are added: how many of all that were do not come. Of what is decided twice the shell panics.
    fn lost_in_the_end(&mut self) -> u64 {
        self.requesters.iter().for_each(|place| self.net.command(*place, &[4]));
        let end = self.now + END_S;
        while self.now < end && !self.nodes().all(|node| node.asking.is_over()) {
            self.second();
        }
        assert!(self.nodes().all(|node| node.asking.wrong() == 0));
        let lost = |node: &Node| u64::from(node.asking.jobs[0].tasks) - node.asking.accepted() as u64;
        self.nodes().map(lost).sum()
    }
}

fn executor(attachment: Attachment, task_us: u64) -> Node {
    let mut node = Node::new(attachment);
    node.running.conduct = Conduct::Takes(task_us);
    node
}

fn requester(attachment: Attachment, task_us: u64) -> Node {
    let mut node = Node::new(attachment);
    node.asking.job(0, u32::MAX);
    (node.asking.task_us, node.asking.fetches_outputs) = (task_us, false);
    node
}
