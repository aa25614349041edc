//! The conductor: runs the world in steps, gives out what the scenario asks for, and looks at what came of it.
//!
//! Between two steps nothing runs, so it may look at everything. What it does follows from scenario and seed alone.

mod attack;
mod blocks;
mod census;
mod closing;
mod deeds;
mod lookups;
mod topic;

use crate::check::tables::{self, Tables};
use crate::crypto::{Crypto, P256, StandIn};
use crate::dice::Dice;
use crate::event::{News, What};
use crate::ground::Follow;
use crate::memory;
use crate::model::place::LEAST_US;
use crate::model::{SECOND, micros};
use crate::report::{Report, compare};
use crate::results::Sample;
use crate::scenario::{Liars, Scenario, Signing};
use crate::shard::Tally;
use crate::world::World;
use blocks::Blocks;
use census::Census;
use lookups::Lookups;
use topic::Topic;

/// How long the world runs between two looks.
pub(crate) const STEP_US: u64 = 50 * LEAST_US;

/// Nodes whose tables are compared with the truth at one sample.
const LOOKED_AT: usize = 2_000;

/// Samples of a run, at most; one every 10 s where that makes fewer.
const SAMPLES_MAX: f64 = 60.0;

/// How a run is carried out; none of it changes what happens.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Where all chance comes from.
    pub seed: u64,
    /// Threads; each takes a share of the nodes.
    pub threads: u32,
    /// What is followed in words.
    pub follow: Option<Follow>,
}

/// How far a run is.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    /// Virtual time in seconds.
    pub now_s: f64,
    /// Events so far.
    pub events: u64,
    /// Nodes that are there, and those of them that are part of the network.
    pub alive: usize,
    /// See `alive`.
    pub joined: usize,
}

/// Runs a scenario from its beginning to its end.
///
/// # Errors
/// Where the scenario is impossible, or the machine has not got the memory.
pub fn run(
    scenario: &Scenario,
    options: Options,
    progress: &mut dyn FnMut(Progress),
) -> anyhow::Result<Report> {
    scenario.check()?;
    scenario.check_memory(memory::available())?;
    anyhow::ensure!((1..=64).contains(&options.threads), "threads = {}: between 1 and 64", options.threads);
    let mut report = run_once(scenario, options, progress);
    if let Some(until_s) = scenario.liars.as_ref().and_then(|liars| liars.until_s) {
        let twin = run_once(&scenario.without_lies(), options, progress);
        compare::with_twin(&mut report, scenario, &twin, until_s + Liars::SETTLES_S);
    }
    Ok(report)
}

fn run_once(scenario: &Scenario, options: Options, progress: &mut dyn FnMut(Progress)) -> Report {
    match scenario.signing {
        Signing::StandIn => Conductor::<StandIn>::new(scenario, options).run(progress),
        Signing::P256 => Conductor::<P256>::new(scenario, options).run(progress),
    }
}

/// See the module's documentation.
struct Conductor<'a, C: Crypto> {
    scenario: &'a Scenario,
    options: Options,
    world: World<C>,
    census: Census,
    lookups: Lookups,
    blocks: Blocks,
    topic: Topic,
    dice: Dice,
    ops: u32,
    /// The next action, in order of time, by its place in the scenario.
    actions: Vec<usize>,
    samples: Vec<Sample>,
    next_sample: u64,
    joined_all_at: Option<u64>,
    /// When the overlay was cut and healed, until it is whole again; and how long that took.
    healed_at: Option<u64>,
    whole_after: Option<u64>,
    next_look: u64,
    counted_from: Option<u64>,
    started: std::time::Instant,
    resident_most: u64,
}

impl<'a, C: Crypto> Conductor<'a, C> {
    fn new(scenario: &'a Scenario, options: Options) -> Self {
        let mut actions: Vec<usize> = (0..scenario.actions.len()).collect();
        actions
            .sort_by(|one, other| scenario.actions[*other].at_s().total_cmp(&scenario.actions[*one].at_s()));
        let mut world = World::new(scenario, options.seed, options.threads);
        if let Some(Follow::Node(node)) = options.follow {
            world.ground.followed_node = Some(node);
        }
        let has_wrong_clock = |node: &u32| world.ground.clock_error_s(*node) != 0;
        let wrong_clocks = (0..scenario.nodes).filter(has_wrong_clock).collect();
        let topic = Topic::new(scenario, options.seed, wrong_clocks);
        Self {
            scenario,
            options,
            world,
            census: Census::new(scenario.nodes),
            lookups: Lookups::new(scenario, options.seed),
            blocks: Blocks::new(scenario, options.seed),
            topic,
            dice: Dice::new(options.seed, 3 << 40),
            ops: 0,
            actions,
            samples: Vec::new(),
            next_sample: 0,
            joined_all_at: None,
            healed_at: None,
            whole_after: None,
            next_look: 0,
            counted_from: None,
            started: std::time::Instant::now(),
            resident_most: 0,
        }
    }

    fn run(mut self, progress: &mut dyn FnMut(Progress)) -> Report {
        let end = micros(self.scenario.seconds).div_ceil(STEP_US) * STEP_US;
        self.bear(micros(self.scenario.arrivals.over_s));
        let traffic_from = micros(self.scenario.traffic_from_s());
        while self.world.now < end {
            let until = self.world.now + STEP_US;
            if self.counted_from.is_none() && self.world.now >= traffic_from {
                self.count_anew();
            }
            self.act();
            self.give(until);
            if self.scenario.liars.is_some() {
                self.attack();
            }
            self.world.run_to(until);
            self.listen();
            self.lookups.judge(&mut self.census, &self.world.ground, until);
            self.topic.judge(until, until >= end);
            self.look_whether_whole();
            if until >= self.next_sample || until >= end {
                self.sample();
            }
            let (alive, joined) = (self.census.alive(), self.census.joined().len());
            progress(Progress { now_s: until as f64 / 1e6, events: self.events(), alive, joined });
        }
        self.report()
    }

    /// Plans everybody's first birth: evenly over the span, each a little off, natives first.
    fn bear(&mut self, over: u64) {
        let nodes = u64::from(self.scenario.nodes);
        let natives = self.world.ground.natives.clone();
        for node in 0..self.scenario.nodes {
            let even = u64::from(node) * over / nodes;
            let at = if natives.binary_search(&node).is_ok() {
                self.dice.below(SECOND)
            } else {
                even + self.dice.below(over / nodes + 1)
            };
            self.world.inject(at, node, What::Start);
        }
    }

    /// Traffic is counted from here on.
    fn count_anew(&mut self) {
        let now = self.world.now;
        self.counted_from = Some(now);
        for shard in &mut self.world.shards {
            shard.settle_lives(now);
            shard.tallies.iter_mut().for_each(|tally| *tally = Tally::default());
            shard.counts.kinds = Default::default();
            shard.counts.frames = Default::default();
            shard.counts.topic = Default::default();
        }
    }

    fn give(&mut self, until: u64) {
        let span = (self.world.now, until);
        let first = self.ops + 1;
        let mut given = self.lookups.give(&self.census, &self.world.ground, span, &mut self.ops);
        if let Some(Follow::Lookup(number)) = self.options.follow
            && self.world.ground.followed_lookup.is_none()
            && self.lookups.results.asked > u64::from(number)
        {
            let before = self.lookups.results.asked - given.len() as u64;
            let op = first + (u64::from(number) - before) as u32;
            self.world.ground.followed_lookup = self.lookups.question(op, &self.census);
        }
        given.extend(self.blocks.give(&self.census, &self.world.ground, span, &mut self.ops));
        given.extend(self.topic.give(&self.census, &self.world.ground, span, &mut self.ops));
        for (at, node, what) in given {
            self.world.inject(at, node, what);
        }
    }

    /// Takes in what nodes told in the last step.
    fn listen(&mut self) {
        let now = self.world.now;
        let mut has_changed = false;
        for note in self.world.take_notes() {
            has_changed |= matches!(note.news, News::Born(_) | News::Left);
            self.census.hear(&note);
            match note.news {
                News::Found { op, ids, crowded } => self.lookups.found(op, &ids, crowded, note.at),
                News::Done { op, status, holders } => {
                    if !self.lookups.done(op, status, note.at)
                        && !self.topic.done(op, status, note.at)
                        && let Some((at, node, what)) =
                            self.blocks.done(&self.world, (op, status, holders), note.at)
                    {
                        self.world.inject(at, node, what);
                    }
                }
                News::Left => {
                    self.lookups.left(note.node, note.life);
                    self.blocks.left(note.node, note.life);
                    self.topic.left((note.node, note.life), note.at);
                }
                News::Says(number) => {
                    if let Some(id) = self.census.life(note.node).map(|life| life.id) {
                        self.topic.says((note.node, note.life), id, number, note.at);
                    }
                }
                News::Said { number, status } => self.topic.said(number, status),
                News::Heard { number, from, place } => {
                    self.topic.remember(place);
                    self.topic.heard((note.node, note.life), number, from, note.at);
                }
                News::Born(_) | News::Joined | News::Offline => {}
            }
        }
        if self.joined_all_at.is_none() && self.census.joined().len() == self.scenario.nodes as usize {
            self.joined_all_at = Some(now);
        }
        if has_changed && self.scenario.liars.is_some() {
            self.take_stock_of_liars();
        }
    }

    fn events(&self) -> u64 {
        self.world.shards.iter().map(|shard| shard.counts.events).sum()
    }

    /// Compares the tables of the honest nodes with the truth about all.
    fn tables(&mut self, looked_at: usize) -> Tables {
        let ground = &self.world.ground;
        let mut joined = self.census.joined().to_vec();
        joined.sort_unstable();
        let lives = joined.iter().filter_map(|node| self.census.life(*node));
        let ring = crate::check::ring::Ring::new(lives.map(|life| (life.id.0, life.node)));
        joined.retain(|node| ground.lie(*node).is_none());
        let every = joined.len().div_ceil(looked_at);
        tables::look(&self.world, &ring, &joined, every)
    }

    fn look_whether_whole(&mut self) {
        let now = self.world.now;
        if self.whole_after.is_some() || now < self.next_look {
            return;
        }
        let Some(healed_at) = self.healed_at else { return };
        self.next_look = now + SECOND / 2;
        let tables = self.tables(LOOKED_AT);
        if tables.parts == 1 && tables.known > 0.99 {
            self.whole_after = Some(now - healed_at);
        }
    }

    fn sample(&mut self) {
        let now = self.world.now;
        self.next_sample = now + micros((self.scenario.seconds / SAMPLES_MAX).max(10.0));
        self.census.ring(now);
        let tables = self.tables(LOOKED_AT);
        let copies = self.blocks.count(&self.world, &mut self.census);
        let engine_bytes: i64 = self.world.shards.iter().map(|shard| shard.engine_bytes().0).sum();
        let resident = memory::resident().unwrap_or(0);
        self.resident_most = self.resident_most.max(resident);
        let results = &self.lookups.results;
        let server = self.world.shards[0].server.as_ref();
        self.samples.push(Sample {
            at_s: now as f64 / 1e6,
            alive: self.census.alive(),
            joined: self.census.joined().len(),
            present_at_server: server.map_or(0, |server| server.present()),
            parts: tables.parts,
            outside: tables.outside,
            known: tables.known,
            known_least: tables.known_least,
            buckets: tables.buckets,
            links: tables.links,
            links_to_liars: tables.to_liars,
            links_most: tables.links_most,
            over_bound: tables.over_bound,
            one_sided: tables.one_sided,
            lookups_right: results.right,
            lookups_ended: results.right + results.named + results.wrong + results.failed,
            engine_bytes_mean: engine_bytes as f64 / self.census.alive().max(1) as f64,
            resident_bytes: resident,
            blocks: copies.blocks,
            blocks_lost: copies.lost,
            junk_mean: copies.junk,
            copies_mean: copies.mean,
            copies_rightful: copies.rightful,
            blocks_short: copies.fewer_than_wanted,
            events: self.events(),
        });
    }
}
