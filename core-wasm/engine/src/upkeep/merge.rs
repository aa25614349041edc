//! Two overlays that meet become one.
//!
//! After a cut, or where newcomers were introduced to nobody but each other, each part has neighbourhoods that look whole from
//! within. Only a link between parts shows it: looked up through that link, a node's own place lies among others. Such a node
//! then looks up a place in each of its buckets through the same link and dials who is found there; they see the same through
//! their new link, and so the parts grow together from many places at once.

use super::overlay::Upkeep;
use crate::ground::Ground;
use crate::id::NodeId;
use crate::io::LinkId;
use crate::time::Duration;

/// A joined node looks through a new link at most so often.
const LOOK_EVERY: Duration = Duration::from_ms(20_000);

/// And so often while that shows strangers.
const LOOK_AGAIN: Duration = Duration::from_ms(1_000);

/// So many unknown neighbours are more than newcomers that were not heard of yet.
const STRANGERS: usize = 3;

impl Upkeep {
    /// A link was made: whether the own place is looked up through it.
    pub(crate) fn looks_through(&mut self, ground: &Ground) -> bool {
        let looks = ground.joined && ground.now >= self.look_at;
        if looks {
            self.look_at = ground.now + LOOK_EVERY;
        }
        looks
    }

    /// Who is near `target`, seen through a link. True if they are strangers: then a place in every bucket is looked up
    /// through the same link.
    pub(crate) fn on_looked(
        &mut self,
        ground: &mut Ground,
        link: LinkId,
        target: &NodeId,
        ids: &[NodeId],
    ) -> bool {
        if *target != ground.id {
            let bucket = ground.id.shared_bits(target);
            if let Some(id) = ids.first().filter(|id| ground.id.shared_bits(id) == bucket) {
                greet_by(ground, id, link);
            }
            return false;
        }
        let mut near = ground.known_neighbours();
        let known = ground.known_neighbours();
        ids.iter().for_each(|id| _ = near.offer(id));
        if near.ids().iter().filter(|id| !known.contains(id)).count() < STRANGERS {
            return false;
        }
        for id in ids {
            greet_by(ground, id, link);
        }
        // What failed across the cut says nothing any more.
        ground.contacts.forgive();
        self.look_at = ground.now + LOOK_AGAIN;
        self.refresh_soon(ground);
        true
    }
}

/// Where only some links lead across, envelopes go by the one that showed whom they are for.
#[inline(never)]
fn greet_by(ground: &mut Ground, id: &NodeId, link: LinkId) {
    if let Some(contact) = ground.contacts.learn(id) {
        contact.via = Some(link);
    }
    ground.greet(id);
}
