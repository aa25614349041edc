//! What the machine for blocks wants of requests, and they of it.

use super::Node;
use crate::blocks::Placed;
use crate::limits::REPAIRS_MAX;

impl Node {
    /// Blocks of this node's own are placed: their requests end.
    #[inline(never)]
    pub(super) fn on_placed(&mut self) {
        while let Some(Placed { request, status, holders }) = self.blocks.placed.pop() {
            self.requests.on_delivered(&mut self.ground, request, status, holders);
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
