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
            self.0.pop_front();
        }
        // It is over, whatever the reason: nobody is to ask again.
        self.0.push_back((peer, key, if is_again(status) { Status::NotFound } else { status }));
    }

    /// How a stream ended; of one that is not known it is not known that it was there.
    pub(crate) fn status(&self, peer: &NodeId, key: Key) -> Status {
        let ended = self.0.iter().find(|(of, ended, _)| of == peer && *ended == key);
        ended.map_or(Status::NotFound, |(.., status)| *status)
    }
}
