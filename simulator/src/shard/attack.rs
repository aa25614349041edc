//! What liars do by themselves: frames that no honest engine sends, and sockets between two that know nothing of it.

use tabmesh_engine::wire::frame::{Body, CLOSE, FASTEST, Frame, Routed, Said};
use tabmesh_engine::wire::topic::{PRUNE, WANT};
use tabmesh_engine::{BlockHash, LinkId, NodeId};

use super::Shard;
use super::liar::accomplices;
use crate::crypto::Crypto;
use crate::event::{Attack, EndId, NodeNumber, What};
use crate::ground::Ground;
use crate::model::SECOND;
use crate::scenario::Lie;

/// Answers that bounce, in one attack: some seventeen times as many come to each of the two within a second or two.
const BOUNCED: usize = 4_000;

/// In one packet.
const BOUNCED_A_PACKET: usize = 400;

/// Blocks asked for at once.
const ASKED: usize = 16;

/// A block that nobody will read.
const JUNK: usize = 16_384;

/// Numbers of a liar's sockets that its engine knows nothing of; engines' own stay below.
const PIPES_FROM: u16 = 50_000;

/// Such sockets at once.
const PIPES_MAX: usize = 16;

/// What waits for the second of two sockets.
const WAITING_MAX: usize = 64;

/// A socket that nobody takes is given up.
const OPENING_US: u64 = 20 * SECOND;

fn said(
    reply: bool,
    exact: bool,
    (origin, target): (&NodeId, &NodeId),
    path: &[u8],
    body: &Body<'_>,
) -> Vec<u8> {
    let payload = body.emit();
    Frame::Routed(Routed {
        reply,
        exact,
        how: 0,
        hops: 0,
        origin,
        target,
        request: 1,
        path,
        kind: body.kind(),
        payload: &payload,
    })
    .emit()
}

impl<C: Crypto> Shard<C> {
    /// Does one attack.
    pub(super) fn attack(&mut self, ground: &Ground, node: NodeNumber, attack: &Attack) {
        let at = self.at(node);
        let Some(lie) = ground.lies_at(node, self.now) else { return };
        let Some(engine) = self.engines[at].as_ref() else { return };
        let own = engine.id();
        let links: Vec<(LinkId, NodeId)> = engine.links().map(|view| (view.link, view.id)).collect();
        let mut peers: Vec<(EndId, NodeId)> = Vec::new();
        for (link, id) in links {
            let end = self.ends[at].of_link(link).filter(|end| end.is_open && end.pipe.is_none());
            peers.extend(end.filter(|_| ground.is_honest(&id)).map(|end| (end.id, id)));
        }
        match lie {
            Lie::Relay => self.stand_between(ground, node, attack),
            Lie::Bounce => {
                let first = attack.names.first().and_then(|id| peers.iter().find(|(_, peer)| peer == id));
                if let Some((end, _)) = first {
                    self.bounce(ground, node, *end, attack);
                }
            }
            Lie::Refuse | Lie::Squat => self.gossip_falsely(ground, node, lie, &peers, attack),
            Lie::NoCredit => self.ask_for_much(ground, node, own, &peers),
            Lie::Fill => {
                for (end, peer) in peers {
                    let mut block = vec![0; JUNK];
                    let dice = &mut self.shells[at].dice;
                    block[..8].copy_from_slice(&dice.draw().to_be_bytes());
                    let hash = BlockHash(tabmesh_engine::sha256(&block));
                    let put = Body::Put { hash: &hash, block: &block };
                    self.transmit(ground, node, end, said(false, true, (&own, &peer), &[], &put));
                }
            }
            Lie::ForgeTopic => self.speak_for_others(ground, node, &peers, attack),
            _ => {}
        }
    }

    fn bounce(&mut self, ground: &Ground, node: NodeNumber, end: EndId, attack: &Attack) {
        let nobody = NodeId([0xee; 32]);
        let body = Body::Answer { status: tabmesh_engine::Status::Ok, bytes: &[] };
        let frame = said(true, true, (&nobody, &nobody), &attack.path, &body);
        for _ in 0..BOUNCED / BOUNCED_A_PACKET {
            self.transmit(ground, node, end, frame.repeat(BOUNCED_A_PACKET));
        }
    }

    /// Names accomplices and says that all are close, or names honest nodes, so that offers to them come by.
    fn gossip_falsely(
        &mut self,
        ground: &Ground,
        node: NodeNumber,
        lie: Lie,
        peers: &[(EndId, NodeId)],
        attack: &Attack,
    ) {
        for (end, peer) in peers {
            let named = if lie == Lie::Squat { accomplices(ground, peer) } else { attack.names.clone() };
            let joined = NodeId::list_bytes(&named);
            let ties = if lie == Lie::Squat { CLOSE | FASTEST } else { 0 };
            self.transmit(ground, node, *end, Frame::Gossip { ties, joined, left: &[] }.emit());
        }
    }

    fn ask_for_much(&mut self, ground: &Ground, node: NodeNumber, own: NodeId, peers: &[(EndId, NodeId)]) {
        let at = self.at(node);
        for (end, peer) in peers {
            let mut packet = Vec::new();
            for _ in 0..ASKED {
                let number = self.shells[at].dice.below(u64::from(ground.library.len())) as u32;
                let hash = ground.library.hash(number);
                packet.extend(said(false, true, (&own, peer), &[], &Body::Get(hash)));
            }
            self.transmit(ground, node, *end, packet);
        }
    }

    fn speak_for_others(
        &mut self,
        ground: &Ground,
        node: NodeNumber,
        peers: &[(EndId, NodeId)],
        attack: &Attack,
    ) {
        let topic = ground.topic;
        let named = NodeId::list_bytes(&attack.names);
        let prune = Frame::Topic { kind: PRUNE, raw: &[&topic.0, named].concat() }.emit();
        let want = Frame::Topic { kind: WANT, raw: &[&topic.0, &attack.messages[..]].concat() }.emit();
        for (end, _) in peers {
            let mut packet = [&prune[..], &want].concat();
            for name in &attack.names {
                packet.extend(said(false, false, (name, topic.place()), &[], &Body::Meet));
            }
            self.transmit(ground, node, *end, packet);
        }
    }

    /// Opens a socket to each of two, and says something in the name of either on those that are open.
    fn stand_between(&mut self, ground: &Ground, node: NodeNumber, attack: &Attack) {
        let at = self.at(node);
        let open: Vec<(EndId, EndId, NodeNumber)> = self.ends[at]
            .iter()
            .filter(|end| end.is_open)
            .filter_map(|end| Some((end.id, end.pipe?, end.mate?.0)))
            .collect();
        let name = |node: NodeNumber| attack.between.iter().find(|(other, _)| *other == node);
        for (end, pipe, to) in &open {
            let from = open.iter().find(|(other, ..)| other == pipe && other != end).map(|(.., from)| *from);
            if let (Some((_, target)), Some((_, origin))) = (name(*to), from.and_then(name)) {
                let forged =
                    Body::Port(Said { port: 0, version: 1, kind: 0, within_ms: 1_000, bytes: b"forged" });
                let frame = said(false, true, (origin, target), &[], &forged);
                self.transmit(ground, node, *end, frame);
            }
        }
        let [(one, _), (other, _), ..] = attack.between[..] else { return };
        if open.len() + 2 > PIPES_MAX {
            return;
        }
        let ends = [one, other].map(|to| self.open_pipe(ground, node, to));
        if let [Some(one), Some(other)] = ends {
            for (end, pipe) in [(one, other), (other, one)] {
                if let Some(end) = self.ends[at].get(end) {
                    end.pipe = Some(pipe);
                }
            }
        }
    }

    fn open_pipe(&mut self, ground: &Ground, node: NodeNumber, to: NodeNumber) -> Option<EndId> {
        let at = self.at(node);
        let number = PIPES_FROM + self.shells[at].dice.below(10_000) as u16;
        let end = self.ends[at].make(LinkId::new(number)?)?;
        let id = end.id;
        // Until the other socket is there it leads to itself, which nothing is passed on to.
        end.pipe = Some(id);
        self.cause(ground, node, node, self.now + OPENING_US, What::GiveUp(id));
        let arrives = self.now + 5 * ground.one_way_us(node, to);
        self.cause(ground, node, to, arrives, What::Knock { from: id });
        Some(id)
    }

    /// Passes on what came by one socket of two; true if the end is such a one.
    pub(super) fn is_piped(&mut self, ground: &Ground, node: NodeNumber, id: EndId, bytes: &[u8]) -> bool {
        let at = self.at(node);
        let Some(pipe) = self.ends[at].get(id).and_then(|end| end.pipe) else { return false };
        let Some(other) = self.ends[at].get(pipe).filter(|_| pipe != id) else { return true };
        if other.is_open {
            self.transmit(ground, node, pipe, bytes.to_vec());
        } else if other.stuck.len() < WAITING_MAX {
            other.stuck.push(bytes.to_vec());
        }
        true
    }

    /// One socket of two is gone, and so is the other; true if the end was such a one.
    pub(super) fn is_pipe_lost(&mut self, ground: &Ground, node: NodeNumber, id: EndId) -> bool {
        let at = self.at(node);
        let Some(pipe) = self.ends[at].get(id).and_then(|end| end.pipe) else { return false };
        self.ends[at].free(id);
        let other = self.ends[at].get(pipe).map(|end| end.mate.filter(|_| end.is_open));
        if let Some(mate) = other {
            self.ends[at].free(pipe);
            if let Some(mate) = mate {
                self.hang_up(ground, node, mate, 0);
            }
        }
        true
    }
}
