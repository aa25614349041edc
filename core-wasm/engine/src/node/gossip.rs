//! Telling neighbours who is near, and hearing it from them.

use super::Node;
use crate::id::NodeId;
use crate::io::LinkId;
use crate::limits::NEIGHBOURS;
use crate::link::Stage;
use crate::wire::frame::Frame;

/// How often neighbours hear of changes.
const GOSSIP_MS: u64 = 4_000;

impl Node {
    pub(super) fn gossip(&mut self) {
        self.gossip_at = self.about(GOSSIP_MS);
        let version = self.membership.version();
        let neighbours = self.linked_neighbours();
        for id in self.links.numbers(&|link| link.stage == Stage::Ready && link.flow.takes_state()) {
            let Some(link) = self.links.get_mut(id) else { continue };
            let close = neighbours.contains(&link.peer);
            if link.told_close != close || (close || link.counts_on_us) && link.told != version {
                link.told_close = close;
                let told = core::mem::replace(&mut link.told, version);
                let (joined, left) = self.membership.since(told);
                self.send(id, &Frame::Gossip { close, joined: &joined, left: &left });
            }
        }
    }

    pub(super) fn on_gossip(&mut self, from: LinkId, joined: &[u8], left: &[u8]) {
        for id in NodeId::list(joined).iter().take(NEIGHBOURS) {
            self.learn(id);
            if let Some(contact) = self.contacts.get(id) {
                contact.via = Some(from);
            }
        }
        for prefix in left.as_chunks().0 {
            self.contacts.doubt(prefix);
        }
    }

    /// Somebody named a node; if it would be a neighbour it is dialled soon.
    pub(super) fn learn(&mut self, id: &NodeId) {
        if self.links.to(id).is_some() || id.level() < u32::from(self.config.level) {
            return;
        }
        let is_new = self.contacts.get(id).is_none();
        self.contacts.learn(id);
        if is_new && self.known_neighbours().contains(id) {
            self.maintain_at = self.maintain_at.min(self.now + crate::time::Duration::from_ms(50));
            self.arm(self.maintain_at);
        }
    }
}
