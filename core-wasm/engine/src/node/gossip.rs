//! Telling neighbours who is near, and hearing it from them.

use super::Node;
use crate::id::NodeId;
use crate::io::LinkId;
use crate::limits::NEIGHBOURS;
use crate::link::Stage;
use crate::wire::frame::{CLOSE, FASTEST, Frame};

/// How often neighbours hear of changes.
const GOSSIP_MS: u64 = 4_000;

impl Node {
    pub(super) fn gossip(&mut self) {
        self.gossip_at = self.ground.about(GOSSIP_MS);
        let version = self.membership.version();
        let neighbours = self.ground.linked_neighbours();
        for id in self.ground.links.numbers(&|link| link.stage == Stage::Ready && link.flow.takes_state()) {
            let Some(link) = self.ground.links.get(id) else { continue };
            let (fastest, _) = self.ground.bucket(self.ground.id.shared_bits(&link.peer));
            let mut ties = if fastest.is_some_and(|fastest| fastest.id == id) { FASTEST } else { 0 };
            if neighbours.contains(&link.peer) {
                ties |= CLOSE;
            }
            let Some(link) = self.ground.links.get_mut(id) else { continue };
            let is_news = (ties | link.ties) & CLOSE != 0 && link.told != version;
            if link.told_ties == ties && !is_news {
                continue;
            }
            link.told_ties = ties;
            let told = if is_news { core::mem::replace(&mut link.told, version) } else { version };
            let (joined, left) = self.membership.since(told);
            self.ground.send(id, &Frame::Gossip { ties, joined: &joined, left: &left });
        }
    }

    pub(super) fn on_gossip(&mut self, from: LinkId, joined: &[u8], left: &[u8]) {
        for id in NodeId::list(joined).iter().take(NEIGHBOURS) {
            self.ground.learn(id);
            if let Some(contact) = self.ground.contacts.get(id) {
                contact.via = Some(from);
            }
        }
        for prefix in left.as_chunks().0 {
            self.ground.contacts.doubt(prefix);
        }
    }
}
