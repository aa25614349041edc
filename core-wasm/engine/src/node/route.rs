//! Recursive routing: a request goes from link to link toward its target; its answer comes back the same way.
//!
//! No hop keeps state. Each writes the number of the link by which a request came into the request itself; the
//! answer carries that path and each hop takes its own number off its end. Where a link is gone by then, the
//! answer goes on by the id of who asked (R/Kademlia §III, source routing as in RFC 791 §3.1, record route).

use super::Node;
use crate::ground::ReplyTo;
use crate::io::LinkId;
use crate::io::kinds::output;
use crate::limits::MESSAGE_MAX;
use crate::status::{Reason, Status};
use crate::wire::frame::{Body, FORKS, Frame, HOPS_MAX, Routed, STRAY};

/// A lookup forks at so many hops at most: it is no tool to make others send much.
const FORKS_MAX: u8 = 4;

impl Node {
    #[inline(never)]
    pub(super) fn on_routed(&mut self, from: LinkId, mut routed: Routed<'_>) -> Result<(), Reason> {
        if routed.hops >= HOPS_MAX {
            return Ok(());
        }
        routed.hops += 1;
        if routed.reply {
            if *routed.target == self.ground.id {
                self.on_reply(from, routed);
            } else {
                self.ground.forward_reply(routed);
            }
            return Ok(());
        }
        let mut path = routed.path.to_vec();
        if path.len() != usize::from(routed.hops - 1) * 2 {
            return Err(Reason::Malformed);
        }
        path.extend_from_slice(&from.number().to_be_bytes());
        let reply = ReplyTo { origin: *routed.origin, request: routed.request, path };
        // What the origin wrote is not the fault of the peer that brought it.
        let Some(body) = routed.body() else { return Ok(()) };
        let next = if *routed.target == self.ground.id {
            None
        } else if routed.how & STRAY != 0 {
            self.ground.stray(&[from])
        } else {
            self.ground
                .next_hop(routed.target, routed.origin, &[from], false)
                .or_else(|| self.ground.way_round(routed.target, Some(from)).filter(|_| routed.exact))
        };
        let forks = if body == Body::Find { (routed.how & FORKS).min(FORKS_MAX) } else { 0 };
        routed.how = if routed.how & STRAY != 0 { forks } else { forks.saturating_sub(1) };
        match (&body, next) {
            // Any holder on the way may serve a block, so the storage is asked before the request goes on.
            (Body::Get(hash), _) if !routed.exact && self.ground.should_hold(hash) => {
                self.blocks.serve(&mut self.ground, reply, hash, routed.exact)
            }
            (_, Some(link)) => {
                let (target, origin) = (routed.target, routed.origin);
                let routed = Routed { path: &reply.path, ..routed };
                let frame = Frame::Routed(routed);
                self.ground.pass_and_check(link, &frame);
                // Nearly every request takes one way: the second is looked for only where there may be one.
                if forks > 0
                    && let Some(other) = self.ground.next_hop(target, origin, &[from, link], false)
                {
                    self.ground.pass_and_check(other, &frame);
                }
            }
            (_, None) if routed.exact && *routed.target != self.ground.id => {
                self.ground.answer(&reply, Status::NotFound, &[]);
            }
            (_, None) => self.on_request(reply, &routed, body),
        }
        Ok(())
    }

    /// A request that ends here.
    fn on_request(&mut self, reply: ReplyTo, routed: &Routed<'_>, body: Body<'_>) {
        match body {
            Body::Find => self.ground.answer_with_ids(&reply, Status::Ok, routed.target),
            Body::Envelope(bytes) => {
                let step = self.linking.on_envelope(&mut self.ground, bytes, reply.link(), Some(reply));
                self.follow(step);
            }
            Body::Get(hash) => self.blocks.serve(&mut self.ground, reply, hash, routed.exact),
            Body::Put { hash, block } => {
                self.blocks.on_put(&mut self.ground, reply, hash, block, routed.exact)
            }
            Body::Data(bytes) if *routed.target == self.ground.id && bytes.len() <= MESSAGE_MAX => {
                self.ground.put_copy(output::MESSAGE, 0, &routed.origin.0, bytes);
                self.ground.answer(&reply, Status::Ok, &[]);
            }
            Body::Topic(bytes) if *routed.target == self.ground.id => self.on_topic(routed.origin, bytes),
            Body::Topic(_) => {}
            Body::Meet => self.on_meet(&reply, routed.target),
            Body::Data(_) | Body::Answer { .. } | Body::Nodes { .. } => {
                self.ground.answer(&reply, Status::BadRequest, &[])
            }
        }
    }

    fn on_reply(&mut self, from: LinkId, routed: Routed<'_>) {
        match routed.body() {
            Some(Body::Envelope(bytes)) => {
                let step = self.linking.on_envelope(&mut self.ground, bytes, Some(from), None);
                self.follow(step);
            }
            Some(Body::Answer { status, bytes } | Body::Nodes { status, nodes: bytes }) => {
                self.on_answered(routed.request, routed.origin, status, bytes)
            }
            _ => {}
        }
    }
}
