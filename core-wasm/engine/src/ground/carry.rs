//! Carrying: the link that leads on to a target, requests out by it, answers back.

use alloc::vec::Vec;

use super::shared::Ground;
use crate::hash::sha256;
use crate::id::NodeId;
use crate::io::LinkId;
use crate::io::kinds::output;
use crate::limits::REPLICAS;
use crate::link::{Link, ReplyTo, Stage, link_of};
use crate::routing::{Hop, best_hop};
use crate::status::Status;
use crate::wire::Writer;
use crate::wire::frame::{BULK_MIN, Body, ENTRY, Routed};
use crate::wire::named::{self, NAMED};

/// A request as a frame: `path` is the way that it came so far.
#[inline(never)]
fn request_frame(
    origin: &NodeId,
    request: u32,
    path: &[u8],
    target: &NodeId,
    exact: bool,
    how: u8,
    body: &Body<'_>,
) -> Vec<u8> {
    let hops = (path.len() / ENTRY) as u8;
    let (kind, payload) = (body.kind(), &body.emit()[..]);
    Routed { reply: false, exact, how, hops, origin, target, request, path, kind, payload }.emit(how, path)
}

impl Ground {
    /// The entry that this node adds to `path`. Nobody else can write it: its last 4 bytes follow from a secret, who asked under
    /// which number, the link, and the entry before. So an answer takes no way but one that a request took.
    #[inline(never)]
    pub(crate) fn entry(&self, link: LinkId, origin: &NodeId, request: u32, path: &[u8]) -> [u8; ENTRY] {
        let before = path.last_chunk::<ENTRY>().map_or(&[][..], |entry| entry);
        let mut writer = Writer::default();
        // With half of the id it is one block of SHA-256.
        writer.bytes(&self.secret).bytes(&origin.0[..16]).u32(request).u16(link.number()).bytes(before);
        let [high, low] = link.number().to_be_bytes();
        let [one, two, three, four, ..] = sha256(&writer.finish());
        [high, low, one, two, three, four]
    }

    /// The link that leads on to `target`: to the target itself, or to the best peer that is not in `without` and is
    /// strictly nearer than this node (unless `anyhow`). Peers that missed a probe are passed over.
    #[inline(never)]
    pub(crate) fn next_hop(
        &self,
        target: &NodeId,
        not: &NodeId,
        without: &[LinkId],
        anyhow: bool,
    ) -> Option<LinkId> {
        let mut hops = self.links.peers().filter_map(|link| {
            let leads_on = anyhow || link.peer.is_nearer(&self.id, target);
            let hop = Hop { link: link.id, peer: &link.peer, rtt_us: link.rtt.smoothed_us() };
            (leads_on && link.missed == 0 && link.peer != *not && !without.contains(&link.id)).then_some(hop)
        });
        best_hop(target, self.depth_hint, &mut hops)
    }

    /// `target` is not linked, or its link is doubted; but a neighbour that named it may be linked to it.
    pub(crate) fn way_round(&self, target: &NodeId, from: Option<LinkId>) -> Option<LinkId> {
        let is_linked = self.links.to(target).is_some_and(|link| link.missed == 0);
        let way = self.contacts.way_to(target).filter(|way| !is_linked && Some(*way) != from)?;
        self.links.ready(way).map(|link| link.id)
    }

    /// The link toward a node: by a neighbour that named it, or else by the best peer there is.
    #[inline(never)]
    pub(crate) fn way(&self, target: &NodeId) -> Option<LinkId> {
        self.way_round(target, None).or_else(|| self.next_hop(target, &self.id, &[], true))
    }

    /// Sends a request of this node on its way, by the best link that is not in `without`; says by which.
    pub(crate) fn send_request(
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
            None => {
                // After a sleep all are doubted at first.
                let any = |ground: &mut Self| without.is_empty().then(|| ground.stray(without))?;
                self.next_hop(target, &self.id, without, true).or_else(|| any(self))?
            }
        };
        self.send_request_by(link, request, target, exact, how, body);
        Some(link)
    }

    pub(crate) fn send_request_by(
        &mut self,
        link: LinkId,
        request: u32,
        target: &NodeId,
        exact: bool,
        how: u8,
        body: &Body<'_>,
    ) {
        let bytes = request_frame(&self.id, request, &[], target, exact, how, body);
        self.send_bytes(link, bytes);
        self.check(link);
    }

    /// Sends a request that came from elsewhere on to `target`; its answer comes back this way.
    pub(crate) fn pass_request(
        &mut self,
        link: LinkId,
        from: &ReplyTo,
        target: &NodeId,
        exact: bool,
        body: &Body<'_>,
    ) {
        let bytes = request_frame(&from.origin, from.request, &from.path, target, exact, 0, body);
        self.pass_and_check(from.link(), link, bytes);
    }

    /// Answers a request that came from elsewhere.
    pub(crate) fn reply(&mut self, to: &ReplyTo, body: &Body<'_>) {
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
        self.forward_reply(None, &routed);
    }

    pub(crate) fn answer(&mut self, to: &ReplyTo, status: Status, bytes: &[u8]) {
        self.reply(to, &Body::Answer { status, bytes });
    }

    /// Sends a reply one link further along its path. One that this node has no part in, or that would go back over the link it came
    /// by, is dropped; so is one whose link is gone: by its id it would reach somebody who may never have asked.
    pub(crate) fn forward_reply(&mut self, from: Option<LinkId>, routed: &Routed<'_>) {
        let Some((rest, entry)) = routed.path.split_last_chunk() else { return };
        let Some(link) = link_of(entry).filter(|link| from != Some(*link)) else { return };
        if *entry != self.entry(link, routed.target, routed.request, rest) {
            return;
        }
        if let Some(Body::Nodes { nodes, .. }) = routed.body() {
            self.weigh(nodes);
        }
        // The frame by which a peer itself asked has paid for this node's answer.
        let is_paid = from.is_none() && rest.is_empty();
        self.send_on(from, link, routed.emit(routed.how, rest), is_paid);
    }

    /// Sends on what is somebody else's and came over the link `from`. It is dropped where the link is too full for it, and where the
    /// two peers have had their share: so nobody who passes things on is ever taken for a flood.
    pub(crate) fn pass(&mut self, from: Option<LinkId>, id: LinkId, bytes: Vec<u8>) {
        self.send_on(from, id, bytes, false);
    }

    fn send_on(&mut self, from: Option<LinkId>, id: LinkId, bytes: Vec<u8>, is_paid: bool) {
        let now = self.now;
        let is_bulk = bytes.len() > BULK_MIN + 2;
        if self.closing.is_some_and(|(link, _)| link == id) {
            // The peer hears a link that was shed a little longer.
            if !is_bulk {
                self.put(output::SEND, id.word(), 0, &[], bytes);
            }
            return;
        }
        if !is_bulk && !self.brings(from) {
            return;
        }
        let is_paid = is_paid && !is_bulk;
        let has_room = |link: &Link| match is_bulk {
            true => self.has_room(link, bytes.len(), false),
            false => is_paid || link.flow.takes_state(),
        };
        if self.links.ready(id).is_some_and(has_room)
            && (is_paid || self.links.get_mut(id).is_some_and(|link| link.flow.passes(now)))
        {
            self.send_bytes(id, bytes);
        }
    }

    /// Counts something small that a link wants done for others; false beyond its share.
    #[inline(never)]
    pub(crate) fn brings(&mut self, from: Option<LinkId>) -> bool {
        let now = self.now;
        from.and_then(|from| self.links.get_mut(from)).is_none_or(|link| link.flow.brings(now))
    }

    /// Sends a request on, and finds out whether anybody is there.
    pub(crate) fn pass_and_check(&mut self, from: Option<LinkId>, link: LinkId, bytes: Vec<u8>) {
        self.pass(from, link, bytes);
        self.check(link);
    }

    /// Answers with the nodes nearest to `target`, as far as known here, this node included.
    pub(crate) fn answer_with_ids(&mut self, reply: &ReplyTo, status: Status, target: &NodeId) {
        let nodes = self.nearest_known(target, &reply.origin);
        self.reply(reply, &Body::Nodes { status, nodes: &nodes });
    }

    /// The nodes nearest to `target` as far as known here; without `asker`.
    pub(crate) fn nearest_known(&self, target: &NodeId, asker: &NodeId) -> Vec<u8> {
        let mut writer = Writer::default();
        let nearest = self.nearest_alive(target, REPLICAS + 1);
        for id in nearest.ids() {
            if id != asker && writer.len() < REPLICAS * NAMED {
                let known =
                    if *id == self.id { Some(self.at) } else { self.links.to(id).map(|link| link.at) };
                named::emit(&mut writer, id, &known.unwrap_or_default());
            }
        }
        writer.finish()
    }

    /// Any link that is not in `without`.
    pub(crate) fn stray(&mut self, without: &[LinkId]) -> Option<LinkId> {
        let links = self.links.numbers(&|link| link.stage == Stage::Ready && !without.contains(&link.id));
        links.get(self.rng.below(links.len() as u64) as usize).copied()
    }
}
