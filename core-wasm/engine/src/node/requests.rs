//! What requests want of the other machines, and these of them.

use super::Node;
use crate::id::{NodeId, TopicId};
use crate::io::LinkId;
use crate::requests::Aim;
use crate::status::Status;

impl Node {
    /// Looks something up for the node itself.
    pub(super) fn look_up(&mut self, aim: Aim, target: &NodeId) {
        self.requests.look_up(&mut self.ground, None, aim, target);
        self.carry_on();
    }

    /// What follows from the end of a lookup.
    fn carry_on(&mut self) {
        let found = &self.requests.found;
        match self.requests.ended.take() {
            Some(Aim::Join) => self.on_own_place_known(),
            Some(Aim::Look(through)) => self.on_looked(through),
            Some(Aim::Meet) => {
                self.topics.on_met(&mut self.ground, TopicId::of(&found.target.0), found.ids())
            }
            _ => {}
        }
    }

    /// An answer came to one of this node's requests, placements or envelopes.
    pub(super) fn on_answered(
        &mut self,
        by: LinkId,
        number: u32,
        from: &NodeId,
        status: Status,
        bytes: &[u8],
    ) {
        if self.blocks.on_answered(&mut self.ground, number, from, status) {
            return;
        }
        if self.was_envelope(number) || self.ground.on_greeted(number, from) {
            return;
        }
        if let Some(aim) = self.requests.on_answered(&mut self.ground, Some(by), number, from, status, bytes)
        {
            self.carry_on();
            aim.heed(&mut self.ground, from, by, bytes);
        }
    }

    pub(super) fn on_request_deadlines(&mut self) {
        while self.requests.on_time(&mut self.ground) {
            self.carry_on();
        }
    }
}
