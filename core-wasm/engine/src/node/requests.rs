//! What requests want of the other machines, and these of them.

use super::Node;
use crate::id::NodeId;
use crate::io::LinkId;
use crate::requests::{Aim, Round, Verdict};
use crate::status::Status;

impl Node {
    /// Looks something up for the node itself.
    pub(super) fn look_up(&mut self, aim: Aim, target: &NodeId) {
        let verdict = self.requests.look_up(&mut self.ground, None, aim, target);
        self.carry_on(verdict);
    }

    /// What follows from the end of a request.
    fn carry_on(&mut self, verdict: Option<Verdict>) {
        match verdict {
            Some(Verdict::Placed) => self.on_own_place_known(),
            Some(Verdict::Looked { through, target, ids }) => self.on_looked(through, &target, &ids),
            Some(Verdict::Met { topic, ids }) => self.topics.on_met(&mut self.ground, &topic, &ids),
            None => {}
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
            return self.on_placed();
        }
        if self.was_envelope(number) || self.ground.on_greeted(number, from) {
            return;
        }
        if let Some((verdict, heard)) =
            self.requests.on_answered(&mut self.ground, number, from, status, bytes)
        {
            self.carry_on(verdict);
            heard.heed(&mut self.ground, from, by, bytes);
        }
    }

    pub(super) fn on_request_deadlines(&mut self) {
        while let Some(verdict) = self.requests.on_time(&mut self.ground) {
            self.carry_on(Some(verdict));
        }
    }

    /// Sends the blocks and messages that wait for room; blocks of which this node is the closest it places itself.
    pub(super) fn pump_requests(&mut self) {
        let mut round = Round::default();
        while let Some((request, hash)) = self.requests.pump(&mut self.ground, &mut round) {
            let has_begun = self.blocks.place_own(&mut self.ground, request, &hash);
            self.on_placed();
            self.requests.on_placing(request, has_begun, &mut round);
        }
    }
}
