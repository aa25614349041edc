//! What the machine for blocks wants of requests, and they of it.

use super::Node;
use crate::limits::REPAIRS_MAX;

impl Node {
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
