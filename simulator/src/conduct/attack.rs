//! What liars are told for an attack of their own: what each could have learnt by listening.

use tabmesh_engine::NodeId;

use super::{Conductor, STEP_US};
use crate::crypto::{Crypto, Owner};
use crate::event::{Attack, NodeNumber, What};
use crate::model::micros;
use crate::scenario::Lie;

/// Honest ids that a liar uses at once.
const NAMES: usize = 4;

/// Tries to find two peers that are linked.
const TRIES: usize = 8;

/// Hops of a path that goes back and forth: as many as a frame may have.
const BOUNCES: usize = 31;

impl<C: Crypto> Conductor<'_, C> {
    /// Who lies, and the keys of those that do not.
    pub(super) fn take_stock_of_liars(&mut self) {
        let ground = &self.world.ground;
        let (mut accomplices, mut keys) = (Vec::new(), Vec::new());
        for life in self.census.present() {
            if ground.lie(life.node).is_some() {
                accomplices.push(life.id);
            } else {
                let owner = Owner { seed: ground.seed, node: life.node, life: life.number, tries: 0 };
                keys.push((life.id, C::public(owner)));
            }
        }
        accomplices.sort_unstable();
        keys.sort_unstable_by_key(|(id, _)| *id);
        (self.world.ground.accomplices, self.world.ground.keys) = (accomplices, keys);
    }

    /// Has every liar attack whose turn comes within the next step.
    pub(super) fn attack(&mut self) {
        let now = self.world.now;
        let present: Vec<NodeNumber> = self.census.present().map(|life| life.node).collect();
        for node in present {
            let Some(lie) = self.world.ground.lies_at(node, now) else { continue };
            let Some(period) = lie.acts_every_s().map(|seconds| micros(seconds) / STEP_US) else { continue };
            // Each at its own moment of the period.
            if (now / STEP_US + u64::from(node)).is_multiple_of(period) {
                let attack = self.brief(node, lie);
                let at = now + self.dice.below(STEP_US);
                self.world.inject(at, node, What::Attack(Box::new(attack)));
            }
        }
    }

    fn brief(&mut self, liar: NodeNumber, lie: Lie) -> Attack {
        let mut attack = Attack::default();
        match lie {
            Lie::Bounce => {
                if let Some((first, path)) = (0..TRIES).find_map(|_| self.way_to_and_fro(liar)) {
                    attack.names = vec![first];
                    attack.path = path;
                }
            }
            Lie::Relay => {
                let id = |node: NodeNumber| self.census.life(node).map(|life| (node, life.id));
                attack.between = self.world.ground.natives.iter().filter_map(|node| id(*node)).collect();
                for place in 0..attack.between.len().min(2) {
                    let other = place + self.dice.below((attack.between.len() - place) as u64) as usize;
                    attack.between.swap(place, other);
                }
            }
            _ => {
                let keys = &self.world.ground.keys;
                attack.names = (0..NAMES)
                    .filter_map(|_| keys.get(self.dice.below(keys.len() as u64) as usize))
                    .map(|(id, _)| *id)
                    .collect();
                attack.messages = self.topic.heard_last().concat();
            }
        }
        attack
    }

    /// A path back and forth between an honest peer of the liar's and one of that one's, read from the end.
    fn way_to_and_fro(&mut self, liar: NodeNumber) -> Option<(NodeId, Vec<u8>)> {
        let first = self.honest_peer(liar)?;
        let second = self.honest_peer(first)?;
        let (first_id, second_id) = (self.census.life(first)?.id, self.census.life(second)?.id);
        let link = |of: NodeNumber, to: NodeId| {
            let engine = self.world.shard_of(of).engine(of)?;
            engine.links().find(|view| view.id == to).map(|view| view.link.number().to_be_bytes())
        };
        let (there, back) = (link(first, second_id)?, link(second, first_id)?);
        let path = (0..BOUNCES).rev().flat_map(|hop| if hop % 2 == 0 { there } else { back });
        Some((first_id, path.collect()))
    }

    fn honest_peer(&mut self, of: NodeNumber) -> Option<NodeNumber> {
        let engine = self.world.shard_of(of).engine(of)?;
        let peers: Vec<NodeId> =
            engine.links().map(|view| view.id).filter(|id| self.world.ground.is_honest(id)).collect();
        let peer = *peers.get(self.dice.below(peers.len() as u64) as usize)?;
        self.census.present().find(|life| life.id == peer).map(|life| life.node)
    }
}
