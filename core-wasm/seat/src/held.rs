//! The nodes that a module holds links to, and what it was told of them.

use alloc::vec::Vec;

use tabmesh_port::NodeId;
use tabmesh_port::limits::HELD_MAX;

/// At most [`HELD_MAX`] of them.
#[derive(Default)]
pub(crate) struct Held(Vec<(NodeId, Option<bool>)>);

impl Held {
    /// Replaces whom it holds; who stays is told of no more than before.
    pub(crate) fn set(&mut self, ids: &[NodeId]) {
        let mut next: Vec<(NodeId, Option<bool>)> = Vec::new();
        for id in ids {
            if next.len() < HELD_MAX && next.iter().all(|(held, _)| held != id) {
                next.push((*id, self.0.iter().find(|(held, _)| held == id).and_then(|(_, told)| *told)));
            }
        }
        self.0 = next;
    }

    pub(crate) fn ids(&self) -> impl Iterator<Item = &NodeId> {
        self.0.iter().map(|(id, _)| id)
    }

    /// Whether the module is to be told that this node is linked, or that it is not.
    pub(crate) fn is_news(&mut self, id: &NodeId, is_linked: bool) -> bool {
        let held = self.0.iter_mut().find(|(held, _)| held == id);
        held.is_some_and(|(_, told)| told.replace(is_linked) != Some(is_linked))
    }
}
