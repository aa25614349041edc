//! Shells that lie. The engine in them is the honest one; the shell changes what it says and hears.

use tabmesh_engine::wire::envelope::{Envelope, Kind};
use tabmesh_engine::wire::frame::{Body, CLOSE, FASTEST, Frame, Routed, split};
use tabmesh_engine::wire::{Reader, Writer};
use tabmesh_engine::{Coordinate, LinkId, NodeId, Reason, Signature, Status};

use super::Shard;
use crate::crypto::Crypto;
use crate::event::{EndId, NodeNumber};
use crate::ground::Ground;
use crate::scenario::Lie;

/// How many ids one answer names.
const NAMED: usize = 8;

/// One frame in so many is garbage, where garbage is sent.
const GARBAGE_ONE_IN: u64 = 20;

/// The coordinate of liars: in the middle of all, without a last mile, and sure of it. Nobody seems nearer.
const CLOSE_BY: [u8; Coordinate::BYTES] = [0, 0, 0, 0, 0, 0, 0, 1];

/// Whether the node lets packets wait.
pub(super) fn is_slow(ground: &Ground, node: NodeNumber, now: u64) -> bool {
    ground.lies_at(node, now) == Some(Lie::SlowDrip)
}

/// Eight accomplices from the place in the ring of all of them where `target` is.
pub(super) fn accomplices(ground: &Ground, target: &NodeId) -> Vec<NodeId> {
    let all = &ground.accomplices;
    let place = all.partition_point(|id| id < target);
    let first = place.saturating_sub(NAMED / 2).min(all.len().saturating_sub(NAMED));
    all.iter().skip(first).take(NAMED).copied().collect()
}

/// Eight ids that nobody has, each closer to `target` than any that somebody has.
fn invented(target: &NodeId) -> Vec<NodeId> {
    (1..=NAMED as u8)
        .map(|number| {
            let mut id = target.0;
            id[31] ^= number;
            NodeId(id)
        })
        .collect()
}

impl<C: Crypto> Shard<C> {
    /// What goes out instead of a frame, and by which end; `None` where nothing does.
    pub(super) fn lie(
        &mut self,
        ground: &Ground,
        node: NodeNumber,
        end: EndId,
        bytes: Vec<u8>,
    ) -> Option<(EndId, Vec<u8>)> {
        let at = self.at(node);
        let Some(lie) = ground.lies_at(node, self.now) else { return Some((end, bytes)) };
        let own = self.engines[at].as_ref().map(|engine| engine.id());
        let frame = Frame::parse(bytes.get(2..)?);
        match (lie, frame) {
            (Lie::Drop, Some(Frame::Routed(routed))) if Some(routed.origin) != own.as_ref() => None,
            (Lie::Misroute, Some(Frame::Routed(routed))) if Some(routed.origin) != own.as_ref() => {
                let open: Vec<EndId> =
                    self.ends[at].iter().filter(|end| end.is_open).map(|end| end.id).collect();
                let place = self.shells[at].dice.below(open.len() as u64) as usize;
                Some((open.get(place).copied().unwrap_or(end), bytes))
            }
            (Lie::Refuse, Some(Frame::Routed(routed))) if Some(routed.origin) != own.as_ref() => {
                let refusal = refusal(ground, &routed).and_then(|(number, bytes)| {
                    let end = self.ends[at].of_link(LinkId::new(number)?)?;
                    end.is_open.then_some((end.id, bytes))
                });
                Some(refusal.unwrap_or((end, bytes)))
            }
            (Lie::NoCredit, Some(Frame::Credit(_))) => None,
            (Lie::Squat, Some(Frame::Pong { number, .. })) => {
                let at = Coordinate::read(&mut Reader::new(&CLOSE_BY))?;
                Some((end, Frame::Pong { number, at, wall_s: 0 }.emit()))
            }
            (Lie::FalseNeighbours | Lie::Eclipse | Lie::Squat, Some(Frame::Gossip { ties, left, .. })) => {
                let ties = if lie == Lie::Squat { CLOSE | FASTEST } else { ties };
                let joined = accomplices(ground, &own?);
                let joined = NodeId::list_bytes(&joined);
                Some((end, Frame::Gossip { ties, joined, left }.emit()))
            }
            (Lie::Garbage, _) if self.shells[at].dice.below(GARBAGE_ONE_IN) == 0 => {
                let length = bytes.len();
                let dice = &mut self.shells[at].dice;
                Some((end, (0..length).map(|_| dice.draw() as u8).collect()))
            }
            _ => Some((end, bytes)),
        }
    }

    /// Answers a lookup that the engine never hears of; true if it did.
    pub(super) fn is_lied_to(
        &mut self,
        ground: &Ground,
        node: NodeNumber,
        end: EndId,
        packet: &[u8],
    ) -> bool {
        let Some(lie) = ground.lies_at(node, self.now) else { return false };
        if lie == Lie::NoCredit {
            return holds_silently(packet);
        }
        if !matches!(lie, Lie::FalseNeighbours | Lie::Eclipse | Lie::Invent) {
            return false;
        }
        let at = self.at(node);
        let Some(own) = self.engines[at].as_ref().map(|engine| engine.id()) else { return false };
        let mut reader = Reader::new(packet);
        let mut answers = Vec::new();
        let mut frames = 0;
        while let Some(Some(frame)) = split(&mut reader) {
            frames += 1;
            let Some(Frame::Routed(routed)) = Frame::parse(frame) else { continue };
            if !routed.reply && matches!(routed.body(), Some(Body::Find | Body::Get(_))) {
                answers.push(false_answer(ground, lie, own, &routed));
            }
        }
        // A packet that holds more than lookups is heard: its other frames keep the link alive.
        let is_all = answers.len() == frames && frames > 0;
        if is_all {
            for answer in answers {
                self.transmit(ground, node, end, answer);
            }
        }
        is_all
    }
}

fn false_answer(ground: &Ground, lie: Lie, own: NodeId, routed: &Routed<'_>) -> Vec<u8> {
    let ids = if lie == Lie::Invent { invented(routed.target) } else { accomplices(ground, routed.target) };
    let is_find = matches!(routed.body(), Some(Body::Find));
    let status = if is_find { Status::Ok } else { Status::NotFound };
    let mut named = Writer::default();
    for id in &ids {
        named.bytes(&id.0).bytes(&CLOSE_BY);
    }
    let named = named.finish();
    let body = Body::Nodes { status, nodes: &named };
    let payload = body.emit();
    Frame::Routed(Routed {
        reply: true,
        exact: true,
        how: 0,
        hops: 0,
        origin: &own,
        target: routed.origin,
        request: routed.request,
        path: routed.path,
        kind: body.kind(),
        payload: &payload,
    })
    .emit()
}

/// Whether a packet holds nothing but blocks to hold: the engine never hears of them, and they are not answered.
fn holds_silently(packet: &[u8]) -> bool {
    let mut reader = Reader::new(packet);
    let mut frames = 0;
    while let Some(Some(frame)) = split(&mut reader) {
        frames += 1;
        let Some(Frame::Routed(routed)) = Frame::parse(frame) else { return false };
        if routed.reply || !matches!(routed.body(), Some(Body::Put { .. })) {
            return false;
        }
    }
    frames > 0
}

/// An answer to an offer in the name of whom it is for, and the number of the link back.
fn refusal(ground: &Ground, routed: &Routed<'_>) -> Option<(u16, Vec<u8>)> {
    let Some(Body::Envelope(bytes)) = routed.body().filter(|_| !routed.reply) else { return None };
    let offer = Envelope::parse(bytes).filter(|offer| matches!(offer.kind, Kind::Offer | Kind::Circuit))?;
    let place = ground.keys.binary_search_by_key(routed.target, |(id, _)| *id).ok()?;
    let (path, number) = routed.path.split_last_chunk::<2>()?;
    let refusal = Envelope {
        kind: Kind::Refuse,
        session: offer.session,
        expiry_s: 0,
        key: &ground.keys[place].1,
        signature: &Signature::BLANK,
        body: &[Reason::BadProof as u8],
    };
    let body = refusal.emit();
    let frame = Frame::Routed(Routed {
        reply: true,
        exact: true,
        how: 0,
        hops: 0,
        origin: routed.target,
        target: routed.origin,
        request: routed.request,
        path,
        kind: 2,
        payload: &body,
    });
    Some((u16::from_be_bytes(*number), frame.emit()))
}
