//! Telling neighbours who is near, and hearing it from them.

use alloc::vec::Vec;

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
        let mut listeners = Vec::new();
        for link in self.links.iter_mut() {
            let close = neighbours.contains(&link.peer);
            let is_due = link.told_close != close || (close || link.counts_on_us) && link.told != version;
            if is_due && link.stage == Stage::Ready && link.flow.takes_state() {
                listeners.push((link.id, close, core::mem::replace(&mut link.told, version)));
                link.told_close = close;
            }
        }
        for (link, close, told) in listeners {
            let (joined, left) = self.membership.since(told);
            self.send(link, &Frame::Gossip { close, joined: &joined, left: &left });
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
