//! Blocks put, read and counted.

use std::collections::HashMap;

use tabmesh_engine::{OpId, Status};

use super::census::Census;
use crate::crypto::Crypto;
use crate::dice::Dice;
use crate::event::{NodeNumber, What, Wish};
use crate::ground::Ground;
use crate::model::{micros, within};
use crate::results;
use crate::scenario;
use crate::world::World;

struct Asked {
    node: NodeNumber,
    life: u32,
    block: u32,
    is_get: bool,
    at: u64,
}

/// How many copies there are of the blocks whose put said that somebody holds them.
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct Copies {
    pub(crate) blocks: u64,
    pub(crate) lost: u64,
    pub(crate) mean: f64,
    pub(crate) fewer_than_wanted: u64,
    /// Copies that are with one of the eight nodes closest to the block, of what there should be.
    pub(crate) rightful: f64,
}

/// See the module's documentation.
pub(crate) struct Blocks {
    plan: Option<scenario::Blocks>,
    dice: Dice,
    next: u32,
    open: HashMap<u32, Asked>,
    stored: Vec<u32>,
    pub(crate) results: results::Blocks,
}

impl Blocks {
    pub(crate) fn new(scenario: &scenario::Scenario, seed: u64) -> Self {
        Self {
            plan: scenario.blocks,
            dice: Dice::new(seed, 2 << 40),
            next: 0,
            open: HashMap::new(),
            stored: Vec::new(),
            results: results::Blocks::default(),
        }
    }

    /// What is asked between `from` and `until`.
    pub(crate) fn give(
        &mut self,
        census: &Census,
        ground: &Ground,
        (from, until): (u64, u64),
        ops: &mut u32,
    ) -> Vec<(u64, NodeNumber, What)> {
        let Some(plan) = self.plan else { return Vec::new() };
        let mut given = Vec::new();
        let start = micros(plan.put_from_s);
        let over = micros(plan.put_over_s).max(1);
        // Blocks go evenly over the span.
        let due = |at: u64| {
            (u128::from(plan.count) * u128::from(at.saturating_sub(start).min(over)) / u128::from(over))
                as u32
        };
        for block in self.next..due(until) {
            given.extend(self.ask(census, ground, block, false, (from, until), ops));
        }
        self.next = self.next.max(due(until));
        if !self.stored.is_empty()
            && let Some(span) = within((from, until), plan.gets_from_s, plan.gets_until_s)
        {
            for _ in 0..self.dice.arrivals(plan.gets_per_s, span) {
                let block = self.stored[self.dice.below(self.stored.len() as u64) as usize];
                given.extend(self.ask(census, ground, block, true, span, ops));
            }
        }
        given
    }

    fn ask(
        &mut self,
        census: &Census,
        ground: &Ground,
        block: u32,
        is_get: bool,
        (from, until): (u64, u64),
        ops: &mut u32,
    ) -> Option<(u64, NodeNumber, What)> {
        let honest =
            (0..64).find_map(|_| census.draw(&mut self.dice).filter(|life| ground.lie(life.node).is_none()));
        let life = *honest?;
        let at = from + self.dice.below(until - from);
        *ops += 1;
        self.open.insert(*ops, Asked { node: life.node, life: life.number, block, is_get, at });
        let wish = if is_get { Wish::Get(block) } else { Wish::Put(block) };
        if is_get {
            self.results.gets += 1
        } else {
            self.results.puts += 1
        }
        Some((at, life.node, What::order(life.number, OpId(*ops), wish)))
    }

    /// An operation ended; what the shell does then: a copy that nobody asked it to hold goes.
    pub(crate) fn done(
        &mut self,
        op: OpId,
        status: Status,
        holders: u8,
        at: u64,
    ) -> Option<(NodeNumber, What)> {
        let asked = self.open.remove(&op.0)?;
        let results = &mut self.results;
        match (asked.is_get, status) {
            (true, Status::Ok) => {
                results.got += 1;
                results.get_times.add(at - asked.at);
            }
            (true, _) => results.get_failed += 1,
            (false, Status::Ok | Status::Partial) if holders > 0 => {
                if status == Status::Ok {
                    results.put_whole += 1
                } else {
                    results.put_partly += 1
                }
                results.put_times.add(at - asked.at);
                self.stored.push(asked.block);
            }
            (false, _) => results.put_failed += 1,
        }
        Some((asked.node, What::order(asked.life, op, Wish::Drop(asked.block))))
    }

    /// Operations whose node left will not end.
    pub(crate) fn left(&mut self, node: NodeNumber, life: u32) {
        self.open.retain(|_, asked| asked.node != node || asked.life != life);
    }

    /// Counts copies over all stores of nodes that are there.
    pub(crate) fn count<C: Crypto>(&self, world: &World<C>, census: &mut Census) -> Copies {
        let mut copies = Copies { blocks: self.stored.len() as u64, ..Copies::default() };
        if self.stored.is_empty() {
            return copies;
        }
        let wanted = tabmesh_engine::limits::REPLICAS;
        let mut counts = vec![0_u32; world.ground.library.len() as usize];
        for shard in &world.shards {
            for (_, store) in shard.stores() {
                store.held().for_each(|block| counts[block as usize] += 1);
            }
        }
        census.ring(world.now);
        let mut rightful = 0;
        for block in &self.stored {
            let count = counts[*block as usize];
            copies.mean += f64::from(count);
            copies.lost += u64::from(count == 0);
            copies.fewer_than_wanted += u64::from((count as usize) < wanted);
            let mut closest = 0;
            census.fresh_ring().walk(&world.ground.library.hash(*block).0, |_, place| {
                let life = census.at(place);
                if life.left_at == u64::MAX {
                    closest += 1;
                    rightful += u64::from(world.shard_of(life.node).store(life.node).has(*block));
                }
                closest < wanted
            });
        }
        copies.mean /= copies.blocks as f64;
        copies.rightful = rightful as f64 / (copies.blocks as f64 * wanted as f64);
        copies
    }
}
