//! Operations that wait for a block.

use alloc::vec::Vec;

use crate::hash::Hash;
use crate::operation::Operation;

use super::safety::Spot;
use super::wire::{Short, head_of, short_of, tag_of};

/// An operation whose signature was verified.
pub(crate) struct Pooled {
    pub(crate) operation: Operation,
    pub(crate) id: Hash,
    pub(crate) spot: Spot,
    /// A block or a certificate brought it, and not gossip.
    pub(crate) is_named: bool,
    /// Its certificate was shown, in this view.
    pub(crate) is_certified: bool,
    /// Voters who said that they have locked it, that they have locked any operation with its place, and that they have acknowledged it: hearsay.
    pub(crate) lockers: u64,
    pub(crate) spot_lockers: u64,
    pub(crate) acknowledgers: u64,
}

/// Those operations, by account, sequence number and id.
pub(crate) struct Pool {
    list: Vec<Pooled>,
    /// What gossip may fill. As many again come in with blocks and certificates.
    most: usize,
}

/// Operations of an account: two numbers, two rivals each. Gossip brings no more.
const OF_ACCOUNT: usize = 4;

impl Pool {
    pub(crate) fn new(most: usize) -> Self {
        Self { list: Vec::with_capacity(most * 2), most }
    }

    pub(crate) fn list(&self) -> &[Pooled] {
        &self.list
    }

    pub(crate) fn get(&self, id: &Hash) -> Option<&Pooled> {
        self.list.iter().find(|pooled| pooled.id == *id)
    }

    pub(crate) fn get_mut(&mut self, id: &Hash) -> Option<&mut Pooled> {
        self.list.iter_mut().find(|pooled| pooled.id == *id)
    }

    pub(crate) fn by_head(&mut self, head: &Short) -> Option<&mut Pooled> {
        self.list.iter_mut().find(|pooled| head_of(&pooled.id) == *head)
    }

    /// A voter has told which places it has locked, or tells one of them: all that stand there.
    pub(crate) fn mark_spot(&mut self, tag: Option<&Short>, bit: u64) {
        for pooled in &mut self.list {
            match tag {
                None => pooled.spot_lockers &= !bit,
                Some(tag) if tag_of(&pooled.spot) == *tag => pooled.spot_lockers |= bit,
                Some(_) => {}
            }
        }
    }

    /// The operation that a block calls so.
    pub(crate) fn named(&self, block: &Hash, short: &Short) -> Option<&Pooled> {
        self.list.iter().find(|pooled| short_of(block, &pooled.id) == *short)
    }

    /// Another operation with this place.
    pub(crate) fn rival(&self, spot: &Spot, id: &Hash) -> Option<&Pooled> {
        self.list.iter().find(|pooled| pooled.spot == *spot && pooled.id != *id)
    }

    /// Whether gossip may bring one of this account.
    pub(crate) fn has_room(&self, spot: &Spot) -> bool {
        let of_account = self.list.iter().filter(|pooled| pooled.spot.0 == spot.0);
        let of_spot = of_account.clone().filter(|pooled| pooled.spot.1 == spot.1);
        self.list.len() < self.most && of_account.count() < OF_ACCOUNT && of_spot.count() < 2
    }

    /// Takes an operation in. `is_named`: a block or a certificate names it. `false` if there is no room.
    pub(crate) fn insert(&mut self, operation: &Operation, is_named: bool) -> bool {
        let (id, spot) = (operation.id(), (operation.payer(), operation.sequence));
        if self.get(&id).is_some() {
            return true;
        }
        if !is_named && !self.has_room(&spot) || self.list.len() >= self.most * 2 {
            return false;
        }
        let at = self.list.partition_point(|other| (other.spot, other.id) < (spot, id));
        let pooled = Pooled {
            operation: *operation,
            id,
            spot,
            is_named,
            is_certified: false,
            lockers: 0,
            spot_lockers: 0,
            acknowledgers: 0,
        };
        self.list.insert(at, pooled);
        true
    }

    /// Keeps those of which it is true.
    pub(crate) fn retain(&mut self, is_kept: impl FnMut(&Pooled) -> bool) {
        self.list.retain(is_kept);
    }

    /// What voters said and showed holds no more: another view, or another height.
    pub(crate) fn forget(&mut self, is_view: bool) {
        for pooled in &mut self.list {
            (pooled.lockers, pooled.spot_lockers, pooled.acknowledgers) = (0, 0, 0);
            pooled.is_certified &= !is_view;
        }
    }
}
