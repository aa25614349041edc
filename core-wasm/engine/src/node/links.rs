//! What follows a step of linking: links that end or begin, and everybody in the node who hears of it.

use super::Node;
use crate::io::LinkId;
use crate::io::kinds::output;
use crate::linking::{self, Glare, Step};
use crate::status::Reason;

impl Node {
    pub(super) fn follow(&mut self, step: Step) {
        match step {
            Step::Done => {}
            Step::End(link, reason) => self.drop_link(link, reason, true),
            Step::Over(link, reason) => {
                self.drop_link(link, reason, false);
                self.ground.put_kind(output::CLOSE, Some(link));
            }
            Step::Proved(link) => self.on_proved(link),
            Step::Offered(offer) => {
                match linking::glare(&self.ground, &offer.peer) {
                    Glare::None => {}
                    Glare::Stands => return,
                    Glare::GivesWay(link) => self.drop_link(link, Reason::Replaced, true),
                }
                linking::on_offer(&mut self.ground, *offer);
            }
        }
    }

    pub(super) fn on_link_down(&mut self, id: LinkId) {
        self.ground.closing.take_if(|(link, _)| *link == id);
        let reason = linking::why_down(&self.ground, id);
        self.drop_link(id, reason, false);
    }

    /// Whether a number names an envelope that found no way.
    pub(super) fn was_envelope(&mut self, number: u32) -> bool {
        let Some(step) = linking::on_envelope_lost(&mut self.ground, number) else { return false };
        self.follow(step);
        true
    }

    /// Both ends are who they say.
    fn on_proved(&mut self, id: LinkId) {
        let Some(link) = self.ground.links.get(id) else { return };
        let (peer, dialled) = (link.peer, link.dialled);
        if let Some(other) = self.ground.links.to(&peer) {
            let other = other.id;
            if !linking::replaces(&self.ground, id, other) {
                // The address leads to somebody who is linked; and a peer that knocks again may have lost that link.
                self.upkeep.redirect_address(id, other);
                self.drop_link(id, Reason::Replaced, true);
                return self.ground.probe_hard(other);
            }
            self.drop_link(other, Reason::Replaced, true);
        }
        let Some(is_first_contact) = linking::settle(&mut self.ground, id) else { return };
        self.upkeep.settle_address(id, dialled);
        // A newcomer's first contacts may each open a part of the network that was not seen before.
        if self.ground.links.ready_count() == 1 || is_first_contact && !self.ground.joined {
            self.upkeep.refresh_soon(&self.ground);
        }
        self.on_peers_changed(None);
        self.look_through(id);
    }
}
