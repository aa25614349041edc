//! Two overlays that meet become one.
//!
//! After a cut, or where newcomers were introduced to nobody but each other, each part has neighbourhoods that look whole from
//! within. Only a link between parts shows it: looked up through that link, a node's own place lies among others. Such a node
//! then looks up a place in each of its buckets through the same link and dials who is found there; they see the same through
//! their new link, and so the parts grow together from many places at once.

use super::Node;
use crate::id::NodeId;
use crate::io::LinkId;
use crate::requests::Aim;
use crate::time::Duration;

/// A joined node looks through a new link at most so often.
const LOOK_EVERY: Duration = Duration::from_ms(20_000);

/// And so often while that shows strangers.
const LOOK_AGAIN: Duration = Duration::from_ms(1_000);

/// So many unknown neighbours are more than newcomers that were not heard of yet.
const STRANGERS: usize = 3;

impl Node {
    /// A link was made: looks up the own place through it, now and then.
    pub(super) fn look_through(&mut self, link: LinkId) {
        if self.ground.joined && self.ground.now >= self.look_at {
            self.look_at = self.ground.now + LOOK_EVERY;
            let own = self.ground.id;
            self.look_up(Aim::Look(link), &own);
        }
    }

    /// Where only some links lead across, envelopes go by the one that showed whom they are for.
    fn goes_by(&mut self, id: &NodeId, link: LinkId) {
        if let Some(contact) = self.ground.contacts.learn(id) {
            contact.via = Some(link);
        }
    }

    /// Who is near `target`, seen through a link.
    pub(super) fn on_looked(&mut self, link: LinkId, target: &NodeId, ids: &[NodeId]) {
        if *target != self.ground.id {
            let bucket = self.ground.id.shared_bits(target);
            if let Some(id) = ids.first().filter(|id| self.ground.id.shared_bits(id) == bucket) {
                self.goes_by(id, link);
                self.ground.dial(id);
            }
            return;
        }
        let mut near = self.ground.known_neighbours();
        let known = near.clone();
        ids.iter().for_each(|id| _ = near.offer(id));
        if near.ids().iter().filter(|id| !known.contains(id)).count() < STRANGERS {
            return;
        }
        for id in ids {
            self.goes_by(id, link);
        }
        // What failed across the cut says nothing any more.
        self.ground.contacts.forgive();
        self.look_at = self.ground.now + LOOK_AGAIN;
        self.refresh_soon();
        for bucket in 0..self.ground.depth() {
            self.look_up(Aim::Look(link), &self.ground.id.flipped(bucket));
        }
    }
}
