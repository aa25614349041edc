//! Making WebRTC links: signed envelopes there and back, by the signalling server or through the overlay.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::circuit::{circuit_ids, on_circuit_answer, on_circuit_offer};
use super::{Linking, Step};
use crate::ground::{Ground, Parcel, ReplyTo, What};
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

/// What becomes of an offer where this node is making a link to its sender already.
pub(crate) enum Glare {
    /// There is no such link.
    None,
    /// Both offered, and the smaller id's offer stands: this node's.
    Stands,
    /// This link gives way.
    GivesWay(LinkId),
}

impl Linking {
    pub(crate) fn on_described(&mut self, ground: &mut Ground, id: LinkId, description: &[u8]) {
        let expiry_s = ground.wall_s().map_or(0, |now| now.get() + ENVELOPE_S);
        let Some(link) = ground.links.get(id) else { return };
        let mut body = description.to_vec();
        let kind = match (link.dialled, link.kind == LinkKind::Relayed) {
            (true, true) => Kind::Circuit,
            (true, false) => Kind::Offer,
            (false, _) => Kind::Answer,
        };
        if link.kind == LinkKind::Relayed {
            body.extend(circuit_ids(ground, link.dialled, link.via));
        }
        let Some(link) = ground.links.get_mut(id) else { return };
        let peer = link.peer;
        let Some(handshake) = &mut link.handshake else { return };
        let envelope = Envelope {
            kind,
            session: handshake.session,
            expiry_s,
            key: &ground.config.key,
            signature: &[0; 64],
            body: &body,
        };
        handshake.envelope = envelope.emit();
        let bytes = envelope.signed_bytes(&ground.config.network, &ground.id, &peer);
        ground.sign(What::SignEnvelope, Some(id), bytes);
    }

    pub(super) fn on_envelope_signed(&mut self, ground: &mut Ground, id: LinkId, signature: &Signature) {
        let Some(handshake) = ground.links.handshake(id) else { return };
        Envelope::sign(&mut handshake.envelope, signature);
        send_envelope(ground, id);
    }

    /// An envelope came, through the overlay (`reply` says how) or by the signalling server.
    pub(crate) fn on_envelope(&mut self, ground: &mut Ground, bytes: &[u8], reply: Option<ReplyTo>) -> Step {
        let Some(envelope) = Envelope::parse(bytes).filter(|envelope| envelope.body.len() <= DESCRIPTION_MAX)
        else {
            return Step::Done;
        };
        let from = NodeId::of_key(envelope.key);
        let is_late = ground
            .wall_s()
            .is_some_and(|now| envelope.expiry_s != 0 && envelope.expiry_s + SKEW_S < now.get());
        // An answer is fresh by its session, which this node chose.
        let is_late = is_late && matches!(envelope.kind, Kind::Offer | Kind::Circuit);
        if is_late || from == ground.id || from.level() < u32::from(ground.config.level) {
            return Step::Done;
        }
        let link = match envelope.kind {
            Kind::Offer | Kind::Circuit => {
                if repeats_answer(ground, &from, envelope.session) {
                    return Step::Done;
                }
                let is_full = (ground.takes_no_more(reply.is_none()) || ground.is_one_too_many(&from))
                    && !ground.links.knows(&from);
                if is_full || ground.contacts.is_banned(&from, ground.now) {
                    refuse(ground, &from, envelope.session, Reason::NoRoom, reply);
                    return Step::Done;
                }
                None
            }
            Kind::Answer | Kind::Refuse => {
                let link = ground.links.find(&|link| {
                    let asked = link.handshake.as_ref().filter(|handshake| !handshake.answered);
                    link.peer == from
                        && link.dialled
                        && asked.is_some_and(|asked| asked.session == envelope.session)
                });
                let Some(link) = link.map(|link| link.id) else { return Step::Done };
                if envelope.kind == Kind::Refuse {
                    let reason =
                        envelope.body.first().map_or(Reason::NoRoom, |code| Reason::from_code(*code));
                    return Step::End(link, reason);
                }
                Some(link)
            }
        };
        let strangers = ground.count_jobs(&|job| job.what == What::VerifyEnvelope);
        if strangers >= STRANGERS_MAX {
            return Step::Done;
        }
        let signed = envelope.signed_bytes(&ground.config.network, &from, &ground.id);
        if ground.verify(What::VerifyEnvelope, link, envelope.key, envelope.signature, signed) {
            ground.attach(Parcel { peer: from, bytes: bytes.to_vec(), reply });
        }
        Step::Done
    }

    pub(super) fn on_envelope_verified(
        &mut self,
        ground: &mut Ground,
        arrived: Box<Parcel>,
        link: Option<LinkId>,
        holds: bool,
    ) -> Step {
        match link {
            _ if !holds => Step::Done,
            Some(link) => on_answer(ground, link, &arrived.bytes),
            None => Step::Offered(arrived),
        }
    }
}

/// No way to the other end was found by the first link that was tried: try another, or give up. `None` if no link is
/// being made in this session.
pub(crate) fn on_envelope_lost(ground: &mut Ground, session: u32) -> Option<Step> {
    let now = ground.now;
    let waits = |link: &&mut Link| {
        let asked = link.handshake.as_ref().filter(|handshake| !handshake.answered);
        link.dialled && asked.is_some_and(|asked| asked.session == session && asked.tries > 0)
    };
    let link = ground.links.iter_mut().find(waits)?;
    let (id, tries) = (link.id, link.handshake.as_ref().map_or(0, |handshake| handshake.tries));
    link.due = now;
    ground.arm(now);
    Some(if tries >= TRIES_MAX { Step::End(id, Reason::Lost) } else { Step::Done })
}

fn on_answer(ground: &mut Ground, id: LinkId, envelope: &[u8]) -> Step {
    let deadline = ground.now + DIRECT_TIMEOUT;
    let has_relay = ground.has_relay();
    let Some(description) = Envelope::parse(envelope).map(|envelope| envelope.body) else {
        return Step::Done;
    };
    let Some(link) = ground.links.get_mut(id) else { return Step::Done };
    let is_circuit = link.kind == LinkKind::Relayed;
    let Some(handshake) = &mut link.handshake else { return Step::Done };
    if core::mem::replace(&mut handshake.answered, true) {
        return Step::Done;
    }
    if is_circuit {
        return on_circuit_answer(ground, id, description);
    }
    if has_relay {
        handshake.deadline = handshake.deadline.min(deadline);
        link.due = handshake.deadline;
        ground.arm(deadline);
    }
    ground.put_copy(output::ANSWERED, id.word(), &[], description);
    Step::Done
}

/// Whether this node is making a link to whom an offer came from.
pub(crate) fn glare(ground: &Ground, from: &NodeId) -> Glare {
    let own_dial = ground.links.find(&|link| link.peer == *from && link.stage != Stage::Ready);
    match own_dial {
        None => Glare::None,
        Some(link) if link.dialled && ground.id < *from => Glare::Stands,
        Some(link) => Glare::GivesWay(link.id),
    }
}

/// Answers an offer, by a link that begins or by a refusal.
pub(crate) fn on_offer(ground: &mut Ground, arrived: Parcel) {
    let Parcel { peer: from, bytes, reply } = arrived;
    let Some(envelope) = Envelope::parse(&bytes) else { return };
    if ground.is_full() {
        return refuse(ground, &from, envelope.session, Reason::NoRoom, reply);
    }
    if envelope.kind == Kind::Circuit {
        return on_circuit_offer(ground, from, &envelope, reply);
    }
    if ground.wants_circuits() {
        refuse(ground, &from, envelope.session, Reason::NoRoom, reply);
        return ground.dial_circuit(&from);
    }
    let id = begin_answer(ground, LinkKind::WebRtc, from, envelope.session, reply);
    ground.put_copy(output::OPEN_ANSWER, id.word(), &[], envelope.body);
}

/// Sends the envelope of a link that is being made, the first time or again.
pub(crate) fn send_envelope(ground: &mut Ground, id: LinkId) {
    let now = ground.now;
    let (is_present, has_peers) = (ground.is_introduced, ground.links.ready_count() > 0);
    let Some(link) = ground.links.get_mut(id) else { return };
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
    ground.arm(due);
    if by_signal {
        relay(ground, &peer, &envelope);
    } else if dialled {
        let mut tried = Vec::new();
        for number in path.as_chunks().0 {
            tried.extend(LinkId::new(u16::from_be_bytes(*number)));
        }
        // Where the best way ends, one from anywhere may not.
        let how = if tried.is_empty() { 0 } else { STRAY };
        let first = ground.send_request(session, &peer, true, how, &Body::Envelope(&envelope), &tried);
        if let (Some(first), Some(handshake)) = (first, ground.links.handshake(id)) {
            handshake.path.extend_from_slice(&first.number().to_be_bytes());
        }
    } else {
        ground.reply(&ReplyTo { origin: peer, request: session, path }, &Body::Envelope(&envelope));
    }
}

/// The same offer again: its answer was lost. True if that is what it was.
fn repeats_answer(ground: &mut Ground, from: &NodeId, session: u32) -> bool {
    let known = ground.links.find(&|link| {
        let answered = link.handshake.as_ref().is_some_and(|handshake| handshake.session == session);
        link.peer == *from && !link.dialled && link.kind != LinkKind::Socket && answered
    });
    let Some(id) = known.map(|link| link.id) else { return false };
    send_envelope(ground, id);
    true
}

pub(crate) fn refuse(ground: &mut Ground, to: &NodeId, session: u32, reason: Reason, reply: Option<ReplyTo>) {
    let envelope = Envelope {
        kind: Kind::Refuse,
        session,
        expiry_s: 0,
        key: &ground.config.key,
        signature: &[0; 64],
        body: &[reason as u8],
    };
    let bytes = envelope.emit();
    match reply {
        Some(reply) => ground.reply(&reply, &Body::Envelope(&bytes)),
        None => relay(ground, to, &bytes),
    }
}

/// Sends an envelope by the signalling server; one that has gone meanwhile drops it, and its sender tries again.
fn relay(ground: &mut Ground, to: &NodeId, envelope: &[u8]) {
    if ground.is_introduced {
        ground.put(output::SIGNAL, 0, 0, &[], ToServer::Relay { to, envelope }.emit());
    }
}

pub(super) fn begin_answer(
    ground: &mut Ground,
    kind: LinkKind,
    from: NodeId,
    session: u32,
    reply: Option<ReplyTo>,
) -> LinkId {
    let id = ground.begin_link(kind, &from, false);
    if let Some(handshake) = ground.links.handshake(id) {
        handshake.session = session;
        handshake.by_signal = reply.is_none();
        handshake.path = reply.map_or(Vec::new(), |reply| reply.path);
    }
    id
}
