//! What came in routed and ends here.

use super::Node;
use crate::ground::{Carried, ReplyTo};
use crate::io::LinkId;
use crate::linking;
use crate::status::{Reason, Status};
use crate::wire::frame::{Body, Routed};

impl Node {
    #[inline(never)]
    pub(super) fn on_routed(&mut self, from: LinkId, mut routed: Routed<'_>) -> Result<(), Reason> {
        match self.ground.carry(from, &mut routed).ok_or(Reason::Malformed)? {
            Carried::Request(reply, body) => self.on_request(reply, &routed, body),
            Carried::Reply => self.on_reply(from, &routed),
            Carried::On => {}
        }
        Ok(())
    }

    /// A request that ends here.
    fn on_request(&mut self, reply: ReplyTo, routed: &Routed<'_>, body: Body<'_>) {
        match body {
            Body::Find => self.ground.answer_with_ids(&reply, Status::Ok, routed.target),
            Body::Envelope(bytes) => {
                linking::on_envelope(&mut self.ground, bytes, reply.link(), Some(reply));
                self.end_links();
            }
            Body::Get(hash) => self.blocks.serve(&mut self.ground, reply, hash, routed.exact),
            Body::Put { hash, block } => {
                self.blocks.on_put(&mut self.ground, reply, hash, block, routed.exact)
            }
            Body::Port(said) => self.on_said(&reply, routed, &said),
            Body::Greet => self.ground.answer(&reply, Status::Ok, &[]),
            Body::Meet => self.lists.on_meet(&mut self.ground, &reply, routed.target),
            Body::List | Body::Enlist => {
                let stays = matches!(body, Body::Enlist);
                let (status, all) = self.lists.visit(&self.ground, &reply, routed.target, stays);
                // Who comes again does so for long: it is told no more than how it went.
                self.ground.answer(&reply, status, if stays { &[] } else { &all });
            }
            Body::Answer { .. } | Body::Nodes { .. } => self.ground.answer(&reply, Status::BadRequest, &[]),
        }
    }

    fn on_reply(&mut self, from: LinkId, routed: &Routed<'_>) {
        match routed.body() {
            Some(Body::Envelope(bytes)) => {
                linking::on_envelope(&mut self.ground, bytes, Some(from), None);
                self.end_links();
            }
            Some(Body::Answer { status, bytes } | Body::Nodes { status, nodes: bytes }) => {
                self.on_answered(from, routed.request, routed.origin, status, bytes)
            }
            _ => {}
        }
    }
}
