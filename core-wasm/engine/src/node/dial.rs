//! Making WebRTC links: signed envelopes there and back, by the signalling server or through the overlay.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::Node;
use super::jobs::Pending;
use super::route::ReplyTo;
use crate::id::{NodeId, Signature};
use crate::io::kinds::output;
use crate::io::{LinkId, LinkKind, Profile};
use crate::limits::{HANDSHAKES_MAX, LINKS_MAX, STRANGERS_MAX};
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

/// An opening link is given up after this, a moment after the shell's own time-out.
const OPENING_TIMEOUT: Duration = Duration::from_ms(25_000);

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
    /// Begins a link to `peer`, unless there is one.
    pub(super) fn dial(&mut self, peer: &NodeId) {
        let by_signal = match self.contacts.get(peer) {
            Some(contact) => contact.by_signal && self.signalling.is_present(),
            None => false,
        };
        if self.is_full()
            || *peer == self.id
            || self.links.knows(peer)
            || !by_signal && self.links.ready_count() == 0
        {
            return;
        }
        let kind = if self.may_relay(peer) { LinkKind::Relayed } else { LinkKind::WebRtc };
        self.begin_dial(kind, peer, by_signal);
    }

    pub(super) fn begin_dial(&mut self, kind: LinkKind, peer: &NodeId, by_signal: bool) {
        let session = self.rng.next() as u32;
        let id = self.begin_link(kind, peer, true);
        if let Some(handshake) = self.links.handshake(id) {
            handshake.session = session;
            handshake.by_signal = by_signal;
        }
        let is_circuit = kind == LinkKind::Relayed;
        self.put_kind(if is_circuit { output::OPEN_CIRCUIT } else { output::OPEN_OFFER }, Some(id));
    }

    pub(super) fn on_described(&mut self, id: LinkId, description: &[u8]) {
        let expiry_s = self.wall_s().map_or(0, |now| now.get() + ENVELOPE_S);
        let Some(link) = self.links.get(id) else { return };
        let mut body = description.to_vec();
        let kind = match (link.dialled, link.kind == LinkKind::Relayed) {
            (true, true) => Kind::Circuit,
            (true, false) => Kind::Offer,
            (false, _) => Kind::Answer,
        };
        if link.kind == LinkKind::Relayed {
            body.extend(self.circuit_ids(link.dialled, link.via));
        }
        let Some(link) = self.links.get_mut(id) else { return };
        let peer = link.peer;
        let Some(handshake) = &mut link.handshake else { return };
        let envelope = Envelope {
            kind,
            session: handshake.session,
            expiry_s,
            key: &self.config.key,
            signature: &[0; 64],
            body: &body,
        };
        handshake.envelope = envelope.emit();
        let bytes = envelope.signed_bytes(&self.config.network, &self.id, &peer);
        self.sign(Pending::SignEnvelope(id), bytes);
    }

    pub(super) fn on_envelope_signed(&mut self, id: LinkId, signature: &Signature) {
        let Some(handshake) = self.links.handshake(id) else { return };
        Envelope::sign(&mut handshake.envelope, signature);
        self.send_envelope(id);
    }

    /// Sends the envelope of a link that is being made, the first time or again.
    pub(super) fn send_envelope(&mut self, id: LinkId) {
        let now = self.now;
        let (is_present, has_peers) = (self.signalling.is_present(), self.links.ready_count() > 0);
        let Some(link) = self.links.get_mut(id) else { return };
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
        self.arm(due);
        if by_signal {
            self.relay(&peer, &envelope);
        } else if dialled {
            let mut tried = Vec::new();
            for number in path.as_chunks().0 {
                tried.extend(LinkId::new(u16::from_be_bytes(*number)));
            }
            // Where the best way ends, one from anywhere may not.
            let how = if tried.is_empty() { 0 } else { STRAY };
            let first = self.send_request(session, &peer, true, how, &Body::Envelope(&envelope), &tried);
            if let (Some(first), Some(handshake)) = (first, self.links.handshake(id)) {
                handshake.path.extend_from_slice(&first.number().to_be_bytes());
            }
        } else {
            self.reply(&ReplyTo { origin: peer, request: session, path }, &Body::Envelope(&envelope));
        }
    }

    /// No way to the other end was found by the first link that was tried: try another, or give up. False if no link is
    /// being made in this session.
    pub(super) fn on_envelope_lost(&mut self, session: u32) -> bool {
        let now = self.now;
        let waits = |link: &&mut Link| {
            let asked = link.handshake.as_ref().filter(|handshake| !handshake.answered);
            link.dialled && asked.is_some_and(|asked| asked.session == session && asked.tries > 0)
        };
        let Some(link) = self.links.iter_mut().find(waits) else { return false };
        let (id, tries) = (link.id, link.handshake.as_ref().map_or(0, |handshake| handshake.tries));
        link.due = now;
        self.arm(now);
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
        let is_late =
            self.wall_s().is_some_and(|now| envelope.expiry_s != 0 && envelope.expiry_s + SKEW_S < now.get());
        // An answer is fresh by its session, which this node chose.
        let is_late = is_late && matches!(envelope.kind, Kind::Offer | Kind::Circuit);
        if is_late || from == self.id || from.level() < u32::from(self.config.level) {
            return;
        }
        let link = match envelope.kind {
            Kind::Offer | Kind::Circuit => {
                if self.repeats_answer(&from, envelope.session) {
                    return;
                }
                let is_full = (self.takes_no_more(reply.is_none()) || self.is_one_too_many(&from))
                    && !self.links.knows(&from);
                if is_full || self.contacts.is_banned(&from, self.now) {
                    return self.refuse(&from, envelope.session, Reason::NoRoom, reply);
                }
                None
            }
            Kind::Answer | Kind::Refuse => {
                let link = self.links.find(&|link| {
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
        let strangers = self.jobs.iter().filter(|(_, job)| matches!(job, Pending::VerifyEnvelope(_))).count();
        if strangers >= STRANGERS_MAX {
            return;
        }
        let signed = envelope.signed_bytes(&self.config.network, &from, &self.id);
        let arrived = Arrived { from, bytes: bytes.to_vec(), reply, link };
        let pending = Pending::VerifyEnvelope(Box::new(arrived));
        self.verify(pending, envelope.key, envelope.signature, signed);
    }

    /// The same offer again: its answer was lost. True if that is what it was.
    fn repeats_answer(&mut self, from: &NodeId, session: u32) -> bool {
        let known = self.links.find(&|link| {
            let answered = link.handshake.as_ref().is_some_and(|handshake| handshake.session == session);
            link.peer == *from && !link.dialled && link.kind != LinkKind::Socket && answered
        });
        let Some(id) = known.map(|link| link.id) else { return false };
        self.send_envelope(id);
        true
    }

    /// Whether there is room for no other link.
    #[inline(never)]
    pub(super) fn is_full(&self) -> bool {
        let held = self.links.len() + usize::from(self.closing.is_some());
        let under_way = self.links.len() - self.links.ready_count();
        held >= self.profile_limit(&LINKS_MAX) || under_way >= HANDSHAKES_MAX
    }

    /// Tabs and servers take links beyond their budget and shed others for them; a small device does so only for a
    /// newcomer, who may be introduced to nobody else.
    fn takes_no_more(&self, is_newcomer: bool) -> bool {
        let is_small = self.config.profile == Profile::Device && !is_newcomer;
        self.is_full() || is_small && self.links.len() >= self.link_budget()
    }

    pub(super) fn refuse(&mut self, to: &NodeId, session: u32, reason: Reason, reply: Option<ReplyTo>) {
        let envelope = Envelope {
            kind: Kind::Refuse,
            session,
            expiry_s: 0,
            key: &self.config.key,
            signature: &[0; 64],
            body: &[reason as u8],
        };
        let bytes = envelope.emit();
        match reply {
            Some(reply) => self.reply(&reply, &Body::Envelope(&bytes)),
            None => self.relay(to, &bytes),
        }
    }

    /// Sends an envelope by the signalling server; one that has gone meanwhile drops it, and its sender tries again.
    fn relay(&mut self, to: &NodeId, envelope: &[u8]) {
        if self.signalling.is_present() {
            self.put(output::SIGNAL, 0, 0, &[], ToServer::Relay { to, envelope }.emit());
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
        let deadline = self.now + DIRECT_TIMEOUT;
        let has_relay = self.has_relay();
        let Some(link) = self.links.get_mut(id) else { return };
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
            self.arm(deadline);
        }
        self.put_copy(output::ANSWERED, id.number().into(), &[], description);
    }

    fn on_offer(&mut self, from: NodeId, envelope: &Envelope<'_>, reply: Option<ReplyTo>) {
        // Glare: both offered. The smaller id's offer stands.
        let own_dial = self.links.find(&|link| link.peer == from && link.stage != Stage::Ready);
        if let Some((id, dialled)) = own_dial.map(|link| (link.id, link.dialled)) {
            if dialled && self.id < from {
                return;
            }
            self.drop_link(id, Reason::Replaced, true);
        }
        if self.is_full() {
            return self.refuse(&from, envelope.session, Reason::NoRoom, reply);
        }
        if envelope.kind == Kind::Circuit {
            return self.on_circuit_offer(from, envelope, reply);
        }
        if self.wants_circuits() {
            self.refuse(&from, envelope.session, Reason::NoRoom, reply);
            return self.dial_circuit(&from);
        }
        let id = self.begin_answer(LinkKind::WebRtc, from, envelope.session, reply);
        self.put_copy(output::OPEN_ANSWER, id.number().into(), &[], envelope.body);
    }

    pub(super) fn begin_answer(
        &mut self,
        kind: LinkKind,
        from: NodeId,
        session: u32,
        reply: Option<ReplyTo>,
    ) -> LinkId {
        let id = self.begin_link(kind, &from, false);
        if let Some(handshake) = self.links.handshake(id) {
            handshake.session = session;
            handshake.by_signal = reply.is_none();
            handshake.path = reply.map_or(Vec::new(), |reply| reply.path);
        }
        id
    }

    /// Adds a link that is given up a moment after the shell's own time-out.
    #[inline(never)]
    pub(super) fn begin_link(&mut self, kind: LinkKind, peer: &NodeId, dialled: bool) -> LinkId {
        let deadline = self.now + OPENING_TIMEOUT;
        self.arm(deadline);
        self.links.begin(kind, *peer, dialled, self.now, deadline)
    }
}
