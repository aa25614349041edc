//! Streams that ended: a question about one may come late, or again because its answer was lost.

use alloc::collections::VecDeque;

use tabmesh_port::{NodeId, Status};

use crate::asking::is_again;
use crate::limits::ENDED_MAX;
use crate::wire::Key;

/// The last [`ENDED_MAX`] of them.
#[derive(Default)]
pub(crate) struct Ends(VecDeque<(NodeId, Key, Status)>);

impl Ends {
    pub(crate) fn add(&mut self, peer: NodeId, key: Key, status: Status) {
        if self.0.len() >= ENDED_MAX {
            self.forget_one();
        }
        // It is over, whatever the reason: nobody is to ask again.
        self.0.push_back((peer, key, if is_again(status) { Status::NotFound } else { status }));
    }

    /// The oldest of the peer that has most: nobody has others' forgotten by ending many.
    fn forget_one(&mut self) {
        let count = |peer: &NodeId| self.0.iter().filter(|(of, ..)| of == peer).count();
        // Of several that have as many the last counts: they stand newest first.
        if let Some((at, _)) = self.0.iter().enumerate().rev().max_by_key(|(_, (of, ..))| count(of)) {
            self.0.remove(at);
        }
    }

    /// How a stream ended; `None` if it is not known that it was there.
    pub(crate) fn status(&self, peer: &NodeId, key: Key) -> Option<Status> {
        let ended = self.0.iter().find(|(of, ended, _)| of == peer && *ended == key);
        ended.map(|(.., status)| *status)
    }
}
