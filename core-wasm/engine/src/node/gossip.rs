//! Telling neighbours who is near, and hearing it from them.

use super::Node;
use crate::id::NodeId;
use crate::limits::NEIGHBOURS;
use crate::wire::frame::{Frame, arrays};

/// How often neighbours hear of changes.
const GOSSIP_MS: u64 = 4_000;

impl Node {
    pub(super) fn gossip(&mut self) {
        self.gossip_at = self.about(GOSSIP_MS);
        let version = self.membership.version();
        for id in self.linked_neighbours() {
            let Some(link) = self.links.to(&id) else { continue };
            let (link, told) = (link.id, link.told);
            let Some(entry) =
                self.links.get_mut(link).filter(|link| told != version && link.flow.takes_state())
            else {
                continue;
            };
            entry.told = version;
            let (joined, left) = self.membership.since(told);
            self.send(link, &Frame::Gossip { joined: &joined, left: &left });
        }
    }

    pub(super) fn on_gossip(&mut self, joined: &[u8], left: &[u8]) {
        for id in arrays::<32>(joined).take(NEIGHBOURS) {
            self.learn(NodeId(id));
        }
        for prefix in arrays::<8>(left) {
            self.contacts.doubt(&prefix);
        }
    }

    /// Somebody named a node; if it would be a neighbour it is dialled soon.
    pub(super) fn learn(&mut self, id: NodeId) {
        if self.links.to(&id).is_some() || id.level() < u32::from(self.config.level) {
            return;
        }
        let is_new = self.contacts.get(&id).is_none();
        self.contacts.learn(id);
        if is_new && self.known_neighbours().contains(&id) {
            self.maintain_at = self.maintain_at.min(self.now + crate::time::Duration::from_ms(50));
            self.arm(self.maintain_at);
        }
    }
}
