//! Blocks put, read and counted.

use std::collections::HashMap;

use tabmesh_engine::{OpId, Status};

use super::census::{Census, Life};
use crate::crypto::Crypto;
use crate::dice::Dice;
use crate::event::{NodeNumber, What, Wish};
use crate::ground::Ground;
use crate::model::{micros, retry, within};
use crate::results;
use crate::scenario;
use crate::shard::Shard;
use crate::world::World;

struct Asked {
    node: NodeNumber,
    life: u32,
    block: u32,
    is_get: bool,
    at: u64,
    /// How often it was refused.
    refused: u32,
}

/// How many copies there are of the blocks whose put said that somebody holds them.
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct Copies {
    pub(crate) blocks: u64,
    pub(crate) lost: u64,
    /// Blocks that nobody will read, in the mean of honest stores.
    pub(crate) junk: f64,
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
    /// Who gives all blocks, where few do.
    givers: Vec<NodeNumber>,
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
            givers: Vec::new(),
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
        let life = if is_get { self.honest(census, ground)? } else { self.giver(census, ground)? };
        let at = from + self.dice.below(until - from);
        *ops += 1;
        self.open.insert(*ops, Asked { node: life.node, life: life.number, block, is_get, at, refused: 0 });
        let wish = if is_get { Wish::Get(block) } else { Wish::Put(block) };
        if is_get {
            self.results.gets += 1
        } else {
            self.results.puts += 1
        }
        Some((at, life.node, What::order(life.number, OpId(*ops), wish)))
    }

    /// An honest node whose own store is as large as usual: what it gives and reads goes through it.
    fn honest(&mut self, census: &Census, ground: &Ground) -> Option<Life> {
        let fits = |life: &&Life| ground.lie(life.node).is_none() && ground.has_room(life.node);
        (0..64).find_map(|_| census.draw(&mut self.dice).filter(fits)).copied()
    }

    /// Who gives the next block.
    fn giver(&mut self, census: &Census, ground: &Ground) -> Option<Life> {
        let count = self.plan.map_or(0, |plan| plan.givers) as usize;
        if count == 0 {
            return self.honest(census, ground);
        }
        while self.givers.len() < count {
            let life = self.honest(census, ground)?;
            if !self.givers.contains(&life.node) {
                self.givers.push(life.node);
            }
        }
        census.life(self.givers[self.dice.below(count as u64) as usize]).copied()
    }

    /// An operation ended; what the shell does then, and when: it asks again, or a copy that nobody asked it to hold goes.
    pub(crate) fn done<C: Crypto>(
        &mut self,
        world: &World<C>,
        (op, status, holders): (OpId, Status, u8),
        at: u64,
    ) -> Option<(u64, NodeNumber, What)> {
        let mut asked = self.open.remove(&op.0)?;
        let now = world.now;
        let is_patient = self.plan.is_some_and(|plan| plan.patient);
        // A put that nobody holds is none, whatever its status: the package asks again.
        let nobody = !asked.is_get && status == Status::Partial && holders == 0;
        let reason = if nobody { Status::TooManyRequests } else { status };
        if is_patient && let Some(wait) = retry::wait_us(reason, asked.refused, &mut self.dice) {
            asked.refused += 1;
            let wish = if asked.is_get { Wish::Get(asked.block) } else { Wish::Put(asked.block) };
            let again = (now + wait, asked.node, What::order(asked.life, op, wish));
            self.open.insert(op.0, asked);
            return Some(again);
        }
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
                self.look_at_holders(world, &asked, holders);
            }
            (false, _) => results.put_failed += 1,
        }
        Some((now, asked.node, What::order(asked.life, op, Wish::Drop(asked.block))))
    }

    /// Compares what a giver was told with the stores of the others.
    fn look_at_holders<C: Crypto>(&mut self, world: &World<C>, asked: &Asked, told: u8) {
        let (mut held, mut could) = (0, 0);
        for shard in &world.shards {
            for (_, store) in shard.stores().filter(|(node, _)| *node != asked.node) {
                held += u64::from(store.holds(asked.block));
                could += u64::from(store.holds(asked.block) || store.could_hold());
            }
        }
        let wanted = could.min(tabmesh_engine::limits::REPLICAS as u64);
        let results = &mut self.results;
        results.told += u64::from(told);
        results.held += held;
        results.overstated += u64::from(u64::from(told) > held);
        results.short += u64::from(held < wanted);
    }

    /// Operations whose node left will not end.
    pub(crate) fn left(&mut self, node: NodeNumber, life: u32) {
        self.open.retain(|_, asked| asked.node != node || asked.life != life);
    }

    /// Counts copies over all stores of nodes that are there.
    pub(crate) fn count<C: Crypto>(&self, world: &World<C>, census: &mut Census) -> Copies {
        let mut copies = Copies { blocks: self.stored.len() as u64, ..Copies::default() };
        let honest = |node: NodeNumber| world.ground.lie(node).is_none();
        let stores = world.shards.iter().flat_map(Shard::stores).filter(|(node, _)| honest(*node));
        let (count, junk) =
            stores.fold((0_u64, 0), |(count, junk), (_, store)| (count + 1, junk + store.junk()));
        copies.junk = junk as f64 / count.max(1) as f64;
        if self.stored.is_empty() {
            return copies;
        }
        let wanted = tabmesh_engine::limits::REPLICAS;
        let mut counts = vec![0_u32; world.ground.library.len() as usize];
        for shard in &world.shards {
            for (_, store) in shard.stores() {
                store.held_from(0).for_each(|block| counts[block as usize] += 1);
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
