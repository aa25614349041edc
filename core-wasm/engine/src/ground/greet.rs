//! Asking whether a node is there before a link to it is begun.
//!
//! Anybody can name ids that nobody has, and a dial in vain takes a place among few for half a minute. So a node counts once it
//! answered itself, or once it was named over two links, as two ways that share none seldom lie alike (S/Kademlia §4.4).

use super::greeting::Greeting;
use super::shared::Ground;
use crate::id::NodeId;
use crate::io::LinkId;
use crate::limits::{GREETINGS_MAX, LINKS_ENOUGH, NEIGHBOURS};
use crate::list::List;
use crate::routing::Standing;
use crate::time::{Duration, Stamp};
use crate::wire::frame::Body;

/// A node that did not answer is greeted again after this at the soonest.
const AGAIN: Duration = Duration::from_ms(10_000);

impl Ground {
    /// Somebody named a node: over the link `by`, or the node itself by answering. If it would be a neighbour it is dialled soon
    /// where it counts, and greeted where it does not.
    pub(crate) fn learn(&mut self, id: &NodeId, by: Option<LinkId>) {
        let is_low = id.level() < u32::from(self.config.level);
        if self.links.to(id).is_some() || is_low || self.bans.hold(id, self.now) {
            return;
        }
        // Who has hardly any link has to believe what it hears over them.
        let counts = by.is_none() || self.links.ready_count() < LINKS_ENOUGH;
        match self.contacts.named(id, by, counts, self.now) {
            Some(Standing::Counts { since_now: true }) if self.known_neighbours().contains(id) => {
                self.maintain_within(Duration::from_ms(50));
            }
            Some(Standing::Hearsay)
                if self.nearest(&self.id, NEIGHBOURS, false, |contact| !contact.is_doubtful).contains(id) =>
            {
                self.greet(id);
            }
            _ => {}
        }
    }

    /// Asks a node whether it is there; it is dialled once it answers. At the bound the oldest such question is forgotten.
    pub(crate) fn greet(&mut self, id: &NodeId) {
        let is_fresh =
            |greeting: &Greeting| id.0.starts_with(&greeting.id) && greeting.sent.age(self.now) < AGAIN;
        if self.links.knows(id) || *id == self.id || self.greetings.iter().any(is_fresh) {
            return;
        }
        let number = self.keystream.number() as u32;
        if self.send_request(number, id, true, 0, &Body::Greet, &[]).is_some() {
            if self.greetings.len() >= GREETINGS_MAX {
                self.greetings.drop_at(0);
            }
            self.greetings.push(Greeting {
                number,
                id: *id.0.first_chunk().unwrap_or(&[0; 8]),
                sent: Stamp::of(self.now),
            });
        }
    }

    /// An answer came; true if it is one to a greeting.
    pub(crate) fn on_greeted(&mut self, number: u32, from: &NodeId) -> bool {
        let mut greetings = self.greetings.iter().enumerate();
        let Some((place, &Greeting { id, .. })) = greetings.find(|(_, greeting)| greeting.number == number)
        else {
            return false;
        };
        self.greetings.drop_at(place);
        // Whoever is nearest answers where the node is not there.
        if from.0.starts_with(&id) {
            self.learn(from, None);
            if self.can_dial_extra() {
                self.dial(from);
            }
        }
        true
    }
}
