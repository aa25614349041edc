//! What follows a step of linking: links that end or begin, and everybody in the node who hears of it.

use super::Node;
use crate::ground::Parcel;
use crate::io::{LinkId, LinkKind};
use crate::link::{Link, Stage};
use crate::linking;
use crate::status::Reason;

impl Node {
    /// What follows a step of a handshake: links that end, and one that both ends have proved.
    #[inline(never)]
    pub(super) fn follow(&mut self) {
        self.end_links();
        let Some(link) = linking::proved(&self.ground) else { return };
        let (id, dialled) = (link.id, link.dialled);
        if let Some(other) = self.ground.links.to(&link.peer) {
            let is_better = linking::replaces(&self.ground, link, other);
            let is_upgrade = link.kind == LinkKind::WebRtc && other.kind == LinkKind::Relayed;
            let other = other.id;
            if !is_better {
                // The address leads to somebody who is linked; and a peer that knocks again may have lost that link.
                self.upkeep.redirect_address(id, other);
                self.drop_link(id, Reason::Replaced, true);
                return self.ground.probe_hard(other);
            }
            self.drop_link(other, Reason::Replaced, true);
            if is_upgrade {
                // Where one circuit gave way to a direct link, others may.
                self.ground.direct_at = self.ground.now;
            }
        }
        let Some(is_first_contact) = linking::settle(&mut self.ground, id) else { return };
        self.upkeep.settle_address(id, dialled);
        // A newcomer's first contacts may each open a part of the network that was not seen before.
        if self.ground.links.ready_count() == 1 || is_first_contact && !self.ground.joined {
            self.upkeep.refresh_soon(&self.ground);
        }
        self.on_peers_changed(None);
        self.topics.on_linked(&mut self.ground, id);
        self.ports.on_linked(&mut self.ground, id);
        self.look_through(id);
    }

    /// Somebody offers a link, and the signature holds. Another that is being made to the same peer gives way or [withstands](linking::withstands).
    pub(super) fn on_offer(&mut self, offer: Parcel) {
        let is_glare = |link: &Link| link.peer == offer.peer && link.stage != Stage::Ready;
        if let Some(link) = self.ground.links.find(&is_glare) {
            if linking::withstands(&self.ground, link) {
                return;
            }
            let link = link.id;
            self.drop_link(link, Reason::Replaced, true);
        }
        linking::on_offer(&mut self.ground, offer);
    }

    pub(super) fn on_link_down(&mut self, id: LinkId) {
        self.ground.closing.take_if(|(link, _)| *link == id);
        let reason = linking::why_down(&self.ground, id);
        self.drop_link(id, reason, false);
    }

    /// Whether a number names an envelope that found no way.
    pub(super) fn was_envelope(&mut self, number: u32) -> bool {
        let was = linking::on_envelope_lost(&mut self.ground, number);
        self.end_links();
        was
    }
}
