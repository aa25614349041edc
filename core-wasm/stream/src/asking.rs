//! Questions under way.

use alloc::vec::Vec;

use tabmesh_port::limits::ASKS_MAX;
use tabmesh_port::{NodeId, Status};

use crate::limits::{ASKS_A_PEER, DATA_ASKS};
use crate::sending::Piece;

/// What was asked, and of which stream.
pub(crate) struct Asking {
    pub(crate) op: u32,
    pub(crate) to: NodeId,
    /// By its number here; whoever says goodbye has none any more.
    pub(crate) stream: Option<u32>,
    pub(crate) what: What,
}

pub(crate) enum What {
    Open,
    Data(Piece),
    Grant,
    End,
}

/// At most [`ASKS_MAX`] of them.
#[derive(Default)]
pub(crate) struct Asks {
    list: Vec<Asking>,
    last_op: u32,
}

impl Asks {
    pub(crate) fn has_room(&self) -> bool {
        self.list.len() < ASKS_MAX
    }

    /// Whether one more may go to this peer.
    pub(crate) fn has_room_for(&self, peer: &NodeId) -> bool {
        self.has_room() && self.list.iter().filter(|asking| asking.to == *peer).count() < ASKS_A_PEER
    }

    /// Whether one more may carry data.
    pub(crate) fn has_room_for_data(&self) -> bool {
        let data = self.list.iter().filter(|asking| matches!(asking.what, What::Data(_))).count();
        self.has_room() && data < DATA_ASKS
    }

    /// Begins one; its number.
    pub(crate) fn begin(&mut self, to: NodeId, stream: Option<u32>, what: What) -> u32 {
        self.last_op = self.last_op.wrapping_add(1);
        self.list.push(Asking { op: self.last_op, to, stream, what });
        self.last_op
    }

    /// One ended.
    pub(crate) fn end(&mut self, op: u32, from: &NodeId) -> Option<Asking> {
        let at = self.list.iter().position(|asking| asking.op == op && asking.to == *from)?;
        Some(self.list.swap_remove(at))
    }

    /// A stream is over: answers are for nobody, and its number may name another one.
    pub(crate) fn forget(&mut self, stream: u32) {
        for asking in self.list.iter_mut().filter(|asking| asking.stream == Some(stream)) {
            asking.stream = None;
        }
    }

    /// Whether any question about a stream is under way.
    pub(crate) fn has(&self, stream: u32) -> bool {
        self.list.iter().any(|asking| asking.stream == Some(stream))
    }
}

/// Whether whoever is answered so asks again.
pub(crate) fn is_again(status: Status) -> bool {
    matches!(
        status,
        // Unauthorized: the question went through others, while the link was being replaced.
        Status::TooManyRequests | Status::TimedOut | Status::Unavailable | Status::Unauthorized
    )
}
