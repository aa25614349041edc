//! Making WebRTC links: signed envelopes there and back, by the signalling server or through the overlay.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::Node;
use super::jobs::Pending;
use crate::ground::{Owner, ReplyTo};
use crate::id::{NodeId, Signature};
use crate::io::kinds::output;
use crate::io::{LinkId, LinkKind};
use crate::limits::STRANGERS_MAX;
use crate::link::{Link, Stage};
use crate::status::Reason;
use crate::time::Duration;
use crate::wire::description::DESCRIPTION_MAX;
use crate::wire::envelope::{Envelope, Kind};
use crate::wire::frame::{Body, STRAY};
use crate::wire::signal::ToServer;

/// How long an envelope is worth something.
const ENVELOPE_S: u32 = 60;

/// How far wall clocks may differ.
const SKEW_S: u32 = 300;

/// An envelope without answer is sent again after this, each time twice as long.
const RESEND: Duration = Duration::from_ms(3_000);

/// Where there is a relay to turn to, a direct link gets so long once both envelopes were exchanged.
const DIRECT_TIMEOUT: Duration = Duration::from_ms(6_000);

/// How often an envelope is sent.
const TRIES_MAX: u8 = 3;

/// An envelope of a stranger whose signature is being checked.
pub(super) struct Arrived {
    from: NodeId,
    bytes: Vec<u8>,
    /// How it came; `None` by the signalling server.
    reply: Option<ReplyTo>,
    /// An answer: the link it is for.
    link: Option<LinkId>,
}

impl Node {
    pub(super) fn on_described(&mut self, id: LinkId, description: &[u8]) {
        let expiry_s = self.ground.wall_s().map_or(0, |now| now.get() + ENVELOPE_S);
        let Some(link) = self.ground.links.get(id) else { return };
        let mut body = description.to_vec();
        let kind = match (link.dialled, link.kind == LinkKind::Relayed) {
            (true, true) => Kind::Circuit,
            (true, false) => Kind::Offer,
            (false, _) => Kind::Answer,
        };
        if link.kind == LinkKind::Relayed {
            body.extend(self.circuit_ids(link.dialled, link.via));
        }
        let Some(link) = self.ground.links.get_mut(id) else { return };
        let peer = link.peer;
        let Some(handshake) = &mut link.handshake else { return };
        let envelope = Envelope {
            kind,
            session: handshake.session,
            expiry_s,
            key: &self.ground.config.key,
            signature: &[0; 64],
            body: &body,
        };
        handshake.envelope = envelope.emit();
        let bytes = envelope.signed_bytes(&self.ground.config.network, &self.ground.id, &peer);
        self.pending.add(self.ground.sign(Owner::Linking, bytes), Pending::SignEnvelope(id));
    }

    pub(super) fn on_envelope_signed(&mut self, id: LinkId, signature: &Signature) {
        let Some(handshake) = self.ground.links.handshake(id) else { return };
        Envelope::sign(&mut handshake.envelope, signature);
        self.send_envelope(id);
    }

    /// Sends the envelope of a link that is being made, the first time or again.
    pub(super) fn send_envelope(&mut self, id: LinkId) {
        let now = self.ground.now;
        let (is_present, has_peers) = (self.ground.is_introduced, self.ground.links.ready_count() > 0);
        let Some(link) = self.ground.links.get_mut(id) else { return };
        let (peer, dialled) = (link.peer, link.dialled);
        let Some(handshake) = &mut link.handshake else { return };
        if handshake.envelope.is_empty() || handshake.answered && dialled || handshake.tries >= TRIES_MAX {
            link.due = handshake.deadline;
            return;
        }
        // An offer that went unanswered one way tries the other; an answer goes back the way the offer came.
        if dialled && handshake.tries > 0 {
            handshake.by_signal = !handshake.by_signal;
        }
        let by_signal =
            if dialled { handshake.by_signal && is_present || !has_peers } else { handshake.by_signal };
        handshake.tries += 1;
        // Only the offerer repeats: a repeated offer makes the answerer repeat its answer.
        link.due = if dialled {
            handshake.deadline.min(now + Duration(RESEND.0 << (handshake.tries - 1)))
        } else {
            handshake.deadline
        };
        let (due, envelope, path, session) =
            (link.due, handshake.envelope.clone(), handshake.path.clone(), handshake.session);
        self.ground.arm(due);
        if by_signal {
            self.relay(&peer, &envelope);
        } else if dialled {
            let mut tried = Vec::new();
            for number in path.as_chunks().0 {
                tried.extend(LinkId::new(u16::from_be_bytes(*number)));
            }
            // Where the best way ends, one from anywhere may not.
            let how = if tried.is_empty() { 0 } else { STRAY };
            let first =
                self.ground.send_request(session, &peer, true, how, &Body::Envelope(&envelope), &tried);
            if let (Some(first), Some(handshake)) = (first, self.ground.links.handshake(id)) {
                handshake.path.extend_from_slice(&first.number().to_be_bytes());
            }
        } else {
            self.ground.reply(&ReplyTo { origin: peer, request: session, path }, &Body::Envelope(&envelope));
        }
    }

    /// No way to the other end was found by the first link that was tried: try another, or give up. False if no link is
    /// being made in this session.
    pub(super) fn on_envelope_lost(&mut self, session: u32) -> bool {
        let now = self.ground.now;
        let waits = |link: &&mut Link| {
            let asked = link.handshake.as_ref().filter(|handshake| !handshake.answered);
            link.dialled && asked.is_some_and(|asked| asked.session == session && asked.tries > 0)
        };
        let Some(link) = self.ground.links.iter_mut().find(waits) else { return false };
        let (id, tries) = (link.id, link.handshake.as_ref().map_or(0, |handshake| handshake.tries));
        link.due = now;
        self.ground.arm(now);
        if tries >= TRIES_MAX {
            self.drop_link(id, Reason::Lost, true);
        }
        true
    }

    /// An envelope came, through the overlay (`reply` says how) or by the signalling server.
    pub(super) fn on_envelope(&mut self, bytes: &[u8], reply: Option<ReplyTo>) {
        let Some(envelope) = Envelope::parse(bytes).filter(|envelope| envelope.body.len() <= DESCRIPTION_MAX)
        else {
            return;
        };
        let from = NodeId::of_key(envelope.key);
        let is_late = self
            .ground
            .wall_s()
            .is_some_and(|now| envelope.expiry_s != 0 && envelope.expiry_s + SKEW_S < now.get());
        // An answer is fresh by its session, which this node chose.
        let is_late = is_late && matches!(envelope.kind, Kind::Offer | Kind::Circuit);
        if is_late || from == self.ground.id || from.level() < u32::from(self.ground.config.level) {
            return;
        }
        let link = match envelope.kind {
            Kind::Offer | Kind::Circuit => {
                if self.repeats_answer(&from, envelope.session) {
                    return;
                }
                let is_full = (self.ground.takes_no_more(reply.is_none())
                    || self.ground.is_one_too_many(&from))
                    && !self.ground.links.knows(&from);
                if is_full || self.ground.contacts.is_banned(&from, self.ground.now) {
                    return self.refuse(&from, envelope.session, Reason::NoRoom, reply);
                }
                None
            }
            Kind::Answer | Kind::Refuse => {
                let link = self.ground.links.find(&|link| {
                    let asked = link.handshake.as_ref().filter(|handshake| !handshake.answered);
                    link.peer == from
                        && link.dialled
                        && asked.is_some_and(|asked| asked.session == envelope.session)
                });
                let Some(link) = link.map(|link| link.id) else { return };
                if envelope.kind == Kind::Refuse {
                    let reason =
                        envelope.body.first().map_or(Reason::NoRoom, |code| Reason::from_code(*code));
                    return self.drop_link(link, reason, true);
                }
                Some(link)
            }
        };
        let strangers = self.pending.count(|job| matches!(job, Pending::VerifyEnvelope(_)));
        if strangers >= STRANGERS_MAX {
            return;
        }
        let signed = envelope.signed_bytes(&self.ground.config.network, &from, &self.ground.id);
        let arrived = Arrived { from, bytes: bytes.to_vec(), reply, link };
        let pending = Pending::VerifyEnvelope(Box::new(arrived));
        self.pending
            .add(self.ground.verify(Owner::Linking, envelope.key, envelope.signature, signed), pending);
    }

    /// The same offer again: its answer was lost. True if that is what it was.
    fn repeats_answer(&mut self, from: &NodeId, session: u32) -> bool {
        let known = self.ground.links.find(&|link| {
            let answered = link.handshake.as_ref().is_some_and(|handshake| handshake.session == session);
            link.peer == *from && !link.dialled && link.kind != LinkKind::Socket && answered
        });
        let Some(id) = known.map(|link| link.id) else { return false };
        self.send_envelope(id);
        true
    }

    pub(super) fn refuse(&mut self, to: &NodeId, session: u32, reason: Reason, reply: Option<ReplyTo>) {
        let envelope = Envelope {
            kind: Kind::Refuse,
            session,
            expiry_s: 0,
            key: &self.ground.config.key,
            signature: &[0; 64],
            body: &[reason as u8],
        };
        let bytes = envelope.emit();
        match reply {
            Some(reply) => self.ground.reply(&reply, &Body::Envelope(&bytes)),
            None => self.relay(to, &bytes),
        }
    }

    /// Sends an envelope by the signalling server; one that has gone meanwhile drops it, and its sender tries again.
    fn relay(&mut self, to: &NodeId, envelope: &[u8]) {
        if self.ground.is_introduced {
            self.ground.put(output::SIGNAL, 0, 0, &[], ToServer::Relay { to, envelope }.emit());
        }
    }

    pub(super) fn on_envelope_verified(&mut self, arrived: Arrived, holds: bool) {
        let Some(envelope) = Envelope::parse(&arrived.bytes).filter(|_| holds) else { return };
        match arrived.link {
            Some(link) => self.on_answer(link, envelope.body),
            None => self.on_offer(arrived.from, &envelope, arrived.reply),
        }
    }

    fn on_answer(&mut self, id: LinkId, description: &[u8]) {
        let deadline = self.ground.now + DIRECT_TIMEOUT;
        let has_relay = self.ground.has_relay();
        let Some(link) = self.ground.links.get_mut(id) else { return };
        let is_circuit = link.kind == LinkKind::Relayed;
        let Some(handshake) = &mut link.handshake else { return };
        if core::mem::replace(&mut handshake.answered, true) {
            return;
        }
        if is_circuit {
            return self.on_circuit_answer(id, description);
        }
        if has_relay {
            handshake.deadline = handshake.deadline.min(deadline);
            link.due = handshake.deadline;
            self.ground.arm(deadline);
        }
        self.ground.put_copy(output::ANSWERED, id.number().into(), &[], description);
    }

    fn on_offer(&mut self, from: NodeId, envelope: &Envelope<'_>, reply: Option<ReplyTo>) {
        // Glare: both offered. The smaller id's offer stands.
        let own_dial = self.ground.links.find(&|link| link.peer == from && link.stage != Stage::Ready);
        if let Some((id, dialled)) = own_dial.map(|link| (link.id, link.dialled)) {
            if dialled && self.ground.id < from {
                return;
            }
            self.drop_link(id, Reason::Replaced, true);
        }
        if self.ground.is_full() {
            return self.refuse(&from, envelope.session, Reason::NoRoom, reply);
        }
        if envelope.kind == Kind::Circuit {
            return self.on_circuit_offer(from, envelope, reply);
        }
        if self.ground.wants_circuits() {
            self.refuse(&from, envelope.session, Reason::NoRoom, reply);
            return self.ground.dial_circuit(&from);
        }
        let id = self.begin_answer(LinkKind::WebRtc, from, envelope.session, reply);
        self.ground.put_copy(output::OPEN_ANSWER, id.number().into(), &[], envelope.body);
    }

    pub(super) fn begin_answer(
        &mut self,
        kind: LinkKind,
        from: NodeId,
        session: u32,
        reply: Option<ReplyTo>,
    ) -> LinkId {
        let id = self.ground.begin_link(kind, &from, false);
        if let Some(handshake) = self.ground.links.handshake(id) {
            handshake.session = session;
            handshake.by_signal = reply.is_none();
            handshake.path = reply.map_or(Vec::new(), |reply| reply.path);
        }
        id
    }
}
