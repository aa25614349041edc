//! Telling neighbours who is near, and hearing it from them.

use super::overlay::Upkeep;
use crate::ground::Ground;
use crate::id::NodeId;
use crate::io::LinkId;
use crate::limits::NEIGHBOURS;
use crate::link::Stage;
use crate::wire::frame::{CLOSE, FASTEST, Frame};

/// How often neighbours hear of changes.
const GOSSIP_MS: u64 = 4_000;

impl Upkeep {
    /// Tells neighbours what changed, if it is time.
    pub(crate) fn gossip_if_due(&mut self, ground: &mut Ground) {
        if ground.now >= self.gossip_at {
            self.gossip(ground);
        }
    }

    /// Makes sure that gossip goes on.
    pub(crate) fn arm(&self, ground: &mut Ground) {
        ground.arm(self.gossip_at);
    }

    fn gossip(&mut self, ground: &mut Ground) {
        self.gossip_at = ground.about(GOSSIP_MS);
        let version = self.membership.version();
        let neighbours = ground.linked_neighbours();
        for id in ground.links.numbers(&|link| link.stage == Stage::Ready && link.flow.takes_state()) {
            let Some(link) = ground.links.get(id) else { continue };
            let (fastest, _) = ground.bucket(ground.id.shared_bits(&link.peer));
            let mut ties = if fastest.is_some_and(|fastest| fastest.id == id) { FASTEST } else { 0 };
            if neighbours.contains(&link.peer) {
                ties |= CLOSE;
            }
            let Some(link) = ground.links.get_mut(id) else { continue };
            let is_news = (ties | link.ties) & CLOSE != 0 && link.told != version;
            if link.told_ties == ties && !is_news {
                continue;
            }
            link.told_ties = ties;
            let told = if is_news { core::mem::replace(&mut link.told, version) } else { version };
            let (joined, left) = self.membership.since(told);
            ground.send(id, &Frame::Gossip { ties, joined: &joined, left: &left });
        }
    }
}

/// A peer told who came into its neighbourhood, and who left. It is believed only what is near it; and the way to a node goes by whoever
/// that named it is nearest to it, so that nobody draws envelopes to himself by a claim.
pub(crate) fn on_gossip(ground: &mut Ground, from: LinkId, joined: &[u8], left: &[u8]) {
    let Some(peer) = ground.links.ready(from).map(|link| link.peer) else { return };
    for id in NodeId::list(joined).iter().take(NEIGHBOURS) {
        if !ground.may_be_close(&peer, id) {
            continue;
        }
        let known = ground.contacts.way_to(id).and_then(|link| ground.links.ready(link));
        let is_better = known.is_none_or(|known| peer.is_nearer(&known.peer, id));
        if ground.links.to(id).is_none()
            && is_better
            && let Some(contact) = ground.contacts.learn(id)
        {
            contact.via = Some(from);
        }
        ground.learn(id, Some(from));
    }
    for prefix in left.as_chunks().0 {
        ground.contacts.doubt(prefix);
    }
}
