//! What the machine for blocks wants of requests, and they of it.

use super::Node;
use crate::blocks::{Placed, Placing};
use crate::id::NodeId;
use crate::limits::REPAIRS_MAX;
use crate::status::Status;

impl Node {
    /// A block of this node's own is placed: its request ends.
    pub(super) fn on_placed(&mut self, placed: Option<Placed>) {
        if let Some(Placed { request, status, holders }) = placed {
            self.requests.on_delivered(&mut self.ground, request, status, holders);
        }
    }

    /// Places a block of this node's own, which is in its store already. False if it has to wait.
    pub(super) fn place_own(&mut self, request: u32, hash: &NodeId) -> bool {
        match self.blocks.place_own(&mut self.ground, request, hash) {
            Placing::Busy => return false,
            Placing::UnderWay => {}
            Placing::Ended(placed) => self.on_placed(Some(placed)),
        }
        true
    }

    /// Whether an answer was a holder's.
    pub(super) fn on_holder_answered(&mut self, number: u32, from: &NodeId, status: Status) -> bool {
        let is_awaited = self.blocks.awaits(number);
        if is_awaited {
            let placed = self.blocks.on_answered(&mut self.ground, number, from, status);
            self.on_placed(placed);
        }
        is_awaited
    }

    /// A peer is gone: no placement waits for it.
    pub(super) fn on_holder_lost(&mut self, peer: &NodeId) {
        while let Some(placed) = self.blocks.on_holder_lost(&mut self.ground, peer) {
            self.on_placed(Some(placed));
        }
    }

    /// Ends the placements that took too long.
    pub(super) fn on_placement_deadlines(&mut self) {
        while let Some(placed) = self.blocks.on_time(&mut self.ground) {
            self.on_placed(Some(placed));
        }
    }

    /// Walks through the store, and fetches what is missing there.
    pub(super) fn pump_repair(&mut self) {
        self.blocks.scan_next(&mut self.ground);
        while self.requests.repairs() < REPAIRS_MAX {
            let Some((hash, link)) = self.blocks.next_missing(&mut self.ground) else { break };
            self.requests.fetch(&mut self.ground, None, Some(link), &hash);
        }
        if self.requests.repairs() == 0 {
            self.blocks.ask_for_more(&mut self.ground);
        }
    }
}
