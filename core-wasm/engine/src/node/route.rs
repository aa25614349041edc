//! Recursive routing: a request goes from link to link toward its target; its answer comes back the same way.
//!
//! No hop keeps state. Each writes the number of the link by which a request came into the request itself; the
//! answer carries that path and each hop takes its own number off its end. Where a link is gone by then, the
//! answer goes on by the id of who asked (R/Kademlia §III, source routing as in RFC 791 §3.1, record route).

use alloc::vec::Vec;

use super::Node;
use crate::id::NodeId;
use crate::io::LinkId;
use crate::io::kinds::output;
use crate::limits::MESSAGE_MAX;
use crate::link::Link;
use crate::routing::{Hop, best_hop};
use crate::status::{Reason, Status};
use crate::wire::frame::{BULK_MIN, Body, FORKS, Frame, HOPS_MAX, Routed, STRAY};

/// A lookup forks at so many hops at most: it is no tool to make others send much.
const FORKS_MAX: u8 = 4;

/// Where an answer goes.
#[derive(Clone, Debug)]
pub(super) struct ReplyTo {
    pub(super) origin: NodeId,
    pub(super) request: u32,
    /// The numbers of the links back, 2 bytes each, the first one to take last.
    pub(super) path: Vec<u8>,
}

impl ReplyTo {
    /// The link that the answer takes first.
    pub(super) fn link(&self) -> Option<LinkId> {
        let number = self.path.last_chunk()?;
        LinkId::new(u16::from_be_bytes(*number))
    }
}

impl Node {
    /// The link that leads on to `target`: to the target itself, or to the best peer that is not in `without` and is
    /// strictly nearer than this node (unless `anyhow`).
    #[inline(never)]
    pub(super) fn next_hop(
        &self,
        target: &NodeId,
        not: &NodeId,
        without: &[LinkId],
        anyhow: bool,
    ) -> Option<LinkId> {
        let own = self.id.distance(target);
        let mut hops = self.links.peers().filter_map(|link| {
            let leads_on = anyhow || link.peer.distance(target) < own;
            let hop = Hop { link: link.id, peer: link.peer, rtt_us: link.rtt.smoothed_us() };
            (leads_on && link.peer != *not && !without.contains(&link.id)).then_some(hop)
        });
        best_hop(target, self.depth_hint, &mut hops)
    }

    /// Nobody linked is nearer to `target`, but a neighbour that named it may be linked to it.
    pub(super) fn way_round(&self, target: &NodeId, from: Option<LinkId>) -> Option<LinkId> {
        let way = self.contacts.way_to(target).filter(|way| Some(*way) != from)?;
        self.links.ready(way).map(|link| link.id)
    }

    /// The link toward a node: by a neighbour that named it, or else by the best peer there is.
    #[inline(never)]
    pub(super) fn way(&self, target: &NodeId) -> Option<LinkId> {
        self.way_round(target, None).or_else(|| self.next_hop(target, &self.id, &[], true))
    }

    /// Sends a request of this node on its way, by the best link that is not in `without`; says by which.
    pub(super) fn send_request(
        &mut self,
        request: u32,
        target: &NodeId,
        exact: bool,
        how: u8,
        body: &Body<'_>,
        without: &[LinkId],
    ) -> Option<LinkId> {
        let link = match self.way_round(target, None).filter(|link| exact && !without.contains(link)) {
            Some(link) => link,
            None => self.next_hop(target, &self.id, without, true)?,
        };
        self.send_request_by(link, request, target, exact, how, body);
        Some(link)
    }

    pub(super) fn send_request_by(
        &mut self,
        link: LinkId,
        request: u32,
        target: &NodeId,
        exact: bool,
        how: u8,
        body: &Body<'_>,
    ) {
        let payload = body.emit();
        let routed = Routed {
            reply: false,
            exact,
            how,
            hops: 0,
            origin: &self.id,
            target,
            request,
            path: &[],
            kind: body.kind(),
            payload: &payload,
        };
        let bytes = Frame::Routed(routed).emit();
        self.send_bytes(link, bytes);
        self.check(link);
    }

    /// Answers a request that came from elsewhere.
    pub(super) fn reply(&mut self, to: &ReplyTo, body: &Body<'_>) {
        let (payload, own) = (body.emit(), self.id);
        let routed = Routed {
            reply: true,
            exact: true,
            how: 0,
            hops: 0,
            origin: &own,
            target: &to.origin,
            request: to.request,
            path: &to.path,
            kind: body.kind(),
            payload: &payload,
        };
        self.forward_reply(routed);
    }

    pub(super) fn answer(&mut self, to: &ReplyTo, status: Status, bytes: &[u8]) {
        self.reply(to, &Body::Answer { status, bytes });
    }

    /// Sends a reply one link further: by its path, or by id where the path is broken.
    fn forward_reply(&mut self, mut routed: Routed<'_>) {
        if let Some(Body::Nodes { nodes, .. }) = routed.body() {
            self.weigh(nodes);
        }
        let (path, number) = match routed.path.split_last_chunk::<2>() {
            Some((path, number)) => (path, LinkId::new(u16::from_be_bytes(*number))),
            None => (routed.path, None),
        };
        let by_path = number.filter(|link| self.links.ready(*link).is_some());
        routed.path = if by_path.is_some() { path } else { &[] };
        let link = by_path
            .or_else(|| self.next_hop(routed.target, &self.id, &[], false))
            .or_else(|| self.way_round(routed.target, None));
        if let Some(link) = link {
            self.pass(link, &Frame::Routed(routed));
        }
    }

    /// Sends on what is somebody else's; bulk is dropped where the link is too full for it.
    fn pass(&mut self, id: LinkId, frame: &Frame<'_>) {
        let bytes = frame.emit();
        let passes = |link: &Link| bytes.len() <= BULK_MIN + 2 || self.has_room(link, bytes.len(), false);
        if self.links.ready(id).is_some_and(passes) {
            self.send_bytes(id, bytes);
        }
    }

    /// Sends a request on, and finds out whether anybody is there.
    fn pass_and_check(&mut self, link: LinkId, frame: &Frame<'_>) {
        self.pass(link, frame);
        self.check(link);
    }

    #[inline(never)]
    pub(super) fn on_routed(&mut self, from: LinkId, mut routed: Routed<'_>) -> Result<(), Reason> {
        if routed.hops >= HOPS_MAX {
            return Ok(());
        }
        routed.hops += 1;
        if routed.reply {
            if *routed.target == self.id {
                self.on_reply(routed);
            } else {
                self.forward_reply(routed);
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
        let next = if *routed.target == self.id {
            None
        } else if routed.how & STRAY != 0 {
            self.stray(&[from])
        } else {
            self.next_hop(routed.target, routed.origin, &[from], false)
                .or_else(|| self.way_round(routed.target, Some(from)).filter(|_| routed.exact))
        };
        let forks = if body == Body::Find { (routed.how & FORKS).min(FORKS_MAX) } else { 0 };
        routed.how = if routed.how & STRAY != 0 { forks } else { forks.saturating_sub(1) };
        match (&body, next) {
            // Any holder on the way may serve a block, so the storage is asked before the request goes on.
            (Body::Get(hash), _) if !routed.exact && self.should_hold(hash) => {
                self.serve(reply, hash, routed.exact)
            }
            (_, Some(link)) => {
                let (target, origin) = (routed.target, routed.origin);
                let routed = Routed { path: &reply.path, ..routed };
                let frame = Frame::Routed(routed);
                self.pass_and_check(link, &frame);
                // Nearly every request takes one way: the second is looked for only where there may be one.
                if forks > 0
                    && let Some(other) = self.next_hop(target, origin, &[from, link], false)
                {
                    self.pass_and_check(other, &frame);
                }
            }
            (_, None) if routed.exact && *routed.target != self.id => {
                self.answer(&reply, Status::NotFound, &[]);
            }
            (_, None) => self.on_request(reply, &routed, body),
        }
        Ok(())
    }

    /// A request that ends here.
    fn on_request(&mut self, reply: ReplyTo, routed: &Routed<'_>, body: Body<'_>) {
        match body {
            Body::Find => self.answer_with_ids(&reply, Status::Ok, routed.target),
            Body::Envelope(bytes) => self.on_envelope(bytes, Some(reply)),
            Body::Get(hash) => self.serve(reply, hash, routed.exact),
            Body::Put { hash, block } => self.on_put(reply, hash, block, routed.exact),
            Body::Data(bytes) if *routed.target == self.id && bytes.len() <= MESSAGE_MAX => {
                self.put_copy(output::MESSAGE, 0, &routed.origin.0, bytes);
                self.answer(&reply, Status::Ok, &[]);
            }
            Body::Topic(bytes) if *routed.target == self.id => self.on_topic(routed.origin, bytes),
            Body::Topic(_) => {}
            Body::Meet => self.on_meet(&reply, routed.target),
            Body::Data(_) | Body::Answer { .. } | Body::Nodes { .. } => {
                self.answer(&reply, Status::BadRequest, &[])
            }
        }
    }

    /// Answers with the nodes nearest to `target`, as far as known here, this node included.
    pub(super) fn answer_with_ids(&mut self, reply: &ReplyTo, status: Status, target: &NodeId) {
        let nodes = self.nearest_known(target, &reply.origin);
        self.reply(reply, &Body::Nodes { status, nodes: &nodes });
    }

    fn on_reply(&mut self, routed: Routed<'_>) {
        match routed.body() {
            Some(Body::Envelope(bytes)) => self.on_envelope(bytes, None),
            Some(Body::Answer { status, bytes } | Body::Nodes { status, nodes: bytes }) => {
                self.on_answered(routed.request, routed.origin, status, bytes)
            }
            _ => {}
        }
    }
}
