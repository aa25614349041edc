//! Where the keeping of the overlay meets lookups, topics and the making of links.

use super::Node;
use crate::id::NodeId;
use crate::io::LinkId;
use crate::link::Link;
use crate::linking;
use crate::requests::Aim;
use crate::status::Reason;
use crate::time::{Duration, Instant};
use crate::upkeep::{Upkeep, dial_held, on_own_place_known};

/// Repair looks at a changed neighbourhood within this.
const REPAIR_SOON: Duration = Duration::from_ms(2_000);

impl Node {
    /// Looks at the links: who is missing, who is one too many.
    pub(super) fn maintain(&mut self) {
        self.close_shed(self.ground.now);
        self.upkeep.dial_addresses(&mut self.ground);
        self.refresh();
        let lacks = self.upkeep.dial_neighbours(&mut self.ground) | self.fill_buckets();
        let lacks = lacks | dial_held(&mut self.ground);
        if !lacks && self.upkeep.is_settled() {
            self.ground.greet_better();
        }
        let topics = &self.topics;
        if let Some(link) = self.upkeep.surplus(&self.ground, &|link| topics.needs(link)) {
            self.drop_link(link, Reason::Shed, true);
        }
        linking::try_direct(&mut self.ground);
        self.linking.on_signal_deadline(&mut self.ground);
        Upkeep::pause(&mut self.ground, lacks);
    }

    /// Looks up the own place again, if it is time.
    fn refresh(&mut self) {
        let is_under_way = self.requests.lookups(Aim::Join) > 0;
        if !self.upkeep.begins_refresh(&mut self.ground, is_under_way) {
            return;
        }
        let own = self.ground.id;
        self.look_up(Aim::Join, &own);
        // The neighbourhood's furthest lie across this bit, where its own members hardly look.
        let depth = self.ground.depth();
        self.look_up(Aim::Fill, &own.flipped(depth));
        if let Some(place) = self.upkeep.look_around(&mut self.ground, depth) {
            self.look_up(Aim::Fill, &place);
        }
    }

    /// Looks up who is in buckets without a link; true if there are any.
    fn fill_buckets(&mut self) -> bool {
        let mut filling = self.upkeep.begin_filling(&self.ground);
        loop {
            let under_way = self.requests.lookups(Aim::Fill);
            let next = self.upkeep.fill_next(&mut self.ground, &mut filling, under_way);
            let Some(place) = next else { return filling.lacks };
            self.look_up(Aim::Fill, &place);
        }
    }

    pub(super) fn on_own_place_known(&mut self) {
        on_own_place_known(&mut self.ground);
    }

    /// A link was made: looks up the own place through it, now and then.
    pub(super) fn look_through(&mut self, link: LinkId) {
        if self.upkeep.looks_through(&self.ground) {
            let own = self.ground.id;
            self.look_up(Aim::Look(link), &own);
        }
    }

    /// What was seen through a link. Strangers make the node look through it at a place in every bucket.
    pub(super) fn on_looked(&mut self, link: LinkId) {
        let found = &self.requests.found;
        if self.upkeep.on_looked(&mut self.ground, link, &found.target, found.ids()) {
            for bucket in 0..self.ground.depth() {
                self.look_up(Aim::Look(link), &self.ground.id.flipped(bucket));
            }
        }
    }

    /// Something about the links changed: see to the neighbourhood soon.
    pub(super) fn on_peers_changed(&mut self, link: Option<&Link>) {
        if self.upkeep.on_peers_changed(&mut self.ground) {
            self.blocks.repair_within(&mut self.ground, REPAIR_SOON);
        }
        self.ground.depth_hint = self.ground.depth();
        if let Some(link) = link {
            self.blocks.on_holder_lost(&mut self.ground, &link.peer);
            self.requests.on_link_lost(&mut self.ground, link.id);
        }
        self.ground.maintain_within(Duration::from_ms(100));
    }

    /// Looks at the mates of every topic, if it is time; others of a topic are looked for at its own node.
    pub(super) fn on_topic_deadline(&mut self) {
        for topic in self.topics.on_time(&mut self.ground) {
            let here = self.lists.of(topic.place(), &self.ground.id);
            self.topics.on_met(&mut self.ground, &topic, NodeId::list(&here));
            self.look_up(Aim::Meet, topic.place());
        }
    }

    /// The host slept or changed networks.
    pub(super) fn wake_up(&mut self) {
        self.upkeep.wake_up(&mut self.ground);
        self.linking.retry_signalling(&self.ground);
        self.probe_all();
        self.upkeep.refresh_soon(&self.ground);
        self.ground.maintain_within(Duration(0));
    }

    /// Says goodbye to everybody; nothing happens after it.
    pub(super) fn leave(&mut self) {
        // The newest first: circuits go before the links that carry them.
        for link in self.ground.links.numbers(&|_| true).iter().rev() {
            self.drop_link(*link, Reason::Leaving, true);
        }
        self.close_shed(Instant::NEVER);
        self.linking.close_signalling(&mut self.ground);
        self.ground.forget_jobs();
        self.left = true;
    }
}
