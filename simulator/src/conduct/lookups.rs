//! Lookups given out, and whether what they found is true.

use std::collections::HashMap;

use tabmesh_engine::{NodeId, OpId, Status};

use super::census::{Census, Life};
use crate::dice::Dice;
use crate::event::{NodeNumber, What, Wish};
use crate::ground::Ground;
use crate::model::within;
use crate::results;
use crate::scenario;

/// A lookup that is under way.
struct Asked {
    node: NodeNumber,
    life: u32,
    target: NodeId,
    at: u64,
    found: Vec<NodeId>,
    found_at: u64,
}

/// See the module's documentation.
pub(crate) struct Lookups {
    plan: Option<scenario::Lookups>,
    dice: Dice,
    open: HashMap<u32, Asked>,
    ended: Vec<(Asked, Status)>,
    pub(crate) results: results::Lookups,
    has_liars: bool,
}

impl Lookups {
    pub(crate) fn new(scenario: &scenario::Scenario, seed: u64) -> Self {
        Self {
            plan: scenario.lookups,
            dice: Dice::new(seed, 1 << 40),
            open: HashMap::new(),
            ended: Vec::new(),
            results: results::Lookups::default(),
            has_liars: scenario.liars.is_some(),
        }
    }

    /// What is asked within a span: when, by whom, and the order.
    pub(crate) fn give(
        &mut self,
        census: &Census,
        ground: &Ground,
        span: (u64, u64),
        ops: &mut u32,
    ) -> Vec<(u64, NodeNumber, What)> {
        let Some(plan) = self.plan else { return Vec::new() };
        let Some(span) = within(span, plan.from_s, plan.until_s) else { return Vec::new() };
        let count = self.dice.arrivals(plan.per_s, span);
        (0..count).filter_map(|_| self.ask(census, ground, span, plan.of, ops)).collect()
    }

    fn ask(
        &mut self,
        census: &Census,
        ground: &Ground,
        (first, last): (u64, u64),
        of: scenario::Target,
        ops: &mut u32,
    ) -> Option<(u64, NodeNumber, What)> {
        let asks = |life: &&Life| ground.lie(life.node).is_none() && !life.was_frozen(first, last);
        let mut draw = || (0..64).find_map(|_| census.draw(&mut self.dice).filter(asks)).copied();
        let asker = draw()?;
        let target = match of {
            scenario::Target::Anywhere => NodeId(self.dice.bytes()),
            scenario::Target::Nodes => draw()?.id,
            scenario::Target::Victim => ground.victim.0,
        };
        let at = first + self.dice.below(last - first);
        *ops += 1;
        let asked =
            Asked { node: asker.node, life: asker.number, target, at, found: Vec::new(), found_at: 0 };
        self.open.insert(*ops, asked);
        self.results.asked += 1;
        Some((at, asker.node, What::order(asker.number, OpId(*ops), Wish::Find(target))))
    }

    /// The asker and the target of a lookup that is under way.
    pub(crate) fn question(&self, op: u32, census: &Census) -> Option<(NodeId, NodeId)> {
        let asked = self.open.get(&op)?;
        Some((census.life(asked.node)?.id, asked.target))
    }

    pub(crate) fn found(&mut self, op: OpId, ids: &[NodeId], crowded: bool, at: u64) {
        self.results.crowded += u64::from(crowded);
        if let Some(asked) = self.open.get_mut(&op.0) {
            asked.found = ids.to_vec();
            asked.found_at = at;
        }
    }

    /// True if the operation is one of the lookups.
    pub(crate) fn done(&mut self, op: OpId, status: Status, at: u64) -> bool {
        let Some(mut asked) = self.open.remove(&op.0) else { return false };
        asked.found_at = at;
        self.ended.push((asked, status));
        true
    }

    /// Lookups whose asker left will not end.
    pub(crate) fn left(&mut self, node: NodeNumber, life: u32) {
        let before = self.open.len();
        self.open.retain(|_, asked| asked.node != node || asked.life != life);
        self.results.moot += (before - self.open.len()) as u64;
    }

    /// Compares what was found with what is true.
    pub(crate) fn judge(&mut self, census: &mut Census, ground: &Ground, now: u64) {
        if self.ended.is_empty() {
            return;
        }
        census.ring(now);
        for (asked, status) in std::mem::take(&mut self.ended) {
            if census.life(asked.node).is_some_and(|life| life.was_frozen(asked.at, asked.found_at)) {
                self.results.moot += 1;
                continue;
            }
            if status != Status::Ok || asked.found.is_empty() {
                self.results.failed += 1;
                self.results.spans.entry(asked.at / results::SPAN_US).or_default().0 += 1;
                continue;
            }
            let mut truth = None;
            let mut first_there = None;
            census.fresh_ring().walk(&asked.target.0, |_, place| {
                let life = census.at(place);
                if life.id == asked.found[0] && life.left_at > asked.found_at {
                    first_there = Some(*life);
                }
                let counts = life.was_there(asked.at, asked.found_at)
                    && (!self.has_liars || ground.lie(life.node).is_none());
                if truth.is_none() && counts {
                    truth = Some(*life);
                }
                truth.is_none()
            });
            self.judge_one(ground, &asked, truth, first_there);
        }
    }

    /// `truth` is the closest that was there all the time; `first_there` the one that was named first, if it is there and
    /// no further.
    fn judge_one(&mut self, ground: &Ground, asked: &Asked, truth: Option<Life>, first_there: Option<Life>) {
        let Some(truth) = truth else { return };
        let results = &mut self.results;
        let is_named = asked.found.contains(&truth.id);
        let is_right = first_there.is_some() || self.has_liars && is_named;
        let span = results.spans.entry(asked.at / results::SPAN_US).or_default();
        *span = (span.0 + 1, span.1 + u64::from(is_right));
        if is_right {
            results.right += 1;
        } else if is_named {
            results.named += 1;
        } else {
            results.wrong += 1;
        }
        let took = asked.found_at - asked.at;
        results.times.add(took);
        if truth.node != asked.node {
            let direct = 2 * ground.one_way_us(asked.node, truth.node);
            results.stretches.add(took * 1_000 / direct);
        }
    }

    /// Lookups that are still under way when the run ends.
    pub(crate) fn open(&self) -> usize {
        self.open.len()
    }
}
