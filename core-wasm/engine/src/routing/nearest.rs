//! The few ids nearest to a target.

use alloc::vec::Vec;

use crate::id::NodeId;

/// Keeps the nearest of what it is offered, nearest first, each once.
pub(crate) struct Nearest {
    pub(crate) target: NodeId,
    room: usize,
    ids: Vec<NodeId>,
}

impl Nearest {
    pub(crate) fn new(target: &NodeId, room: usize) -> Self {
        Self { target: *target, room, ids: Vec::new() }
    }

    /// Takes `id` in if it is among the nearest; true if it is the nearest of all now, and was not in before.
    #[inline(never)]
    pub(crate) fn offer(&mut self, id: &NodeId) -> bool {
        // From the end: most of what is offered is further than all.
        let mut place = self.ids.len();
        while let Some(other) = self.ids.get(place.wrapping_sub(1))
            && !other.is_nearer(id, &self.target)
        {
            place -= 1;
        }
        if place >= self.room || self.ids.get(place) == Some(id) {
            return false;
        }
        if self.ids.len() >= self.room {
            self.ids.pop();
        }
        self.ids.insert(place, *id);
        place == 0
    }

    /// Nearest first.
    pub(crate) fn ids(&self) -> &[NodeId] {
        &self.ids
    }

    pub(crate) fn into_ids(self) -> Vec<NodeId> {
        self.ids
    }

    #[inline(never)]
    pub(crate) fn contains(&self, id: &NodeId) -> bool {
        self.ids.contains(id)
    }
}
