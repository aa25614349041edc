//! Making WebRTC links: signed envelopes there and back, by the signalling server or through the overlay.

use alloc::boxed::Box;

use super::circuit::{add_relays, on_circuit_answer, on_circuit_offer};
use super::handshake::on_socket_key;
use crate::ground::{Ground, Job, Parcel, ReplyTo, What};
use crate::id::{NodeId, Signature};
use crate::io::kinds::output;
use crate::io::{LinkId, LinkKind};
use crate::limits::{ANSWERS_A_DIAL, REFUSALS_A_LINK, REFUSALS_MAX, STRANGERS_A_LINK, STRANGERS_MAX};
use crate::link::Link;
use crate::status::Reason;
use crate::time::{Duration, Stamp};
use crate::wire::description::DESCRIPTION_MAX;
use crate::wire::envelope::{Envelope, Kind};
use crate::wire::frame::{Body, STRAY};
use crate::wire::signal::ToServer;

/// An envelope expires after this.
const ENVELOPE_S: u32 = 60;

/// How far wall clocks may differ.
const SKEW_S: u32 = 300;

/// An envelope without answer is sent again after this, each time twice as long.
const RESEND: Duration = Duration::from_ms(3_000);

/// Time for a direct link to open before a relayed one is tried, where a relay is known.
const DIRECT_TIMEOUT: Duration = Duration::from_ms(6_000);

/// How often an envelope is sent.
const TRIES_MAX: u8 = 3;

/// The shell has described this end of a link that is being made.
pub(crate) fn on_described(ground: &mut Ground, id: LinkId, description: &[u8]) {
    let expiry_s = ground.wall_s().map_or(0, |now| now.get().saturating_add(ENVELOPE_S));
    let Some(link) = ground.links.get(id) else { return };
    if link.kind == LinkKind::Socket {
        return on_socket_key(ground, id, description);
    }
    let mut body = description.to_vec();
    let kind = match (link.dialled, link.kind == LinkKind::Relayed) {
        (true, true) => Kind::Circuit,
        (true, false) => Kind::Offer,
        (false, _) => Kind::Answer,
    };
    if link.kind == LinkKind::Relayed {
        add_relays(ground, link.dialled, link.via, &mut body);
    }
    let peer = link.peer;
    let Some(handshake) = ground.links.handshake(id) else { return };
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

pub(super) fn on_envelope_signed(ground: &mut Ground, id: LinkId, signature: &Signature) {
    let Some(handshake) = ground.links.handshake(id) else { return };
    Envelope::sign(&mut handshake.envelope, signature);
    send_envelope(ground, id);
}

/// An envelope came over the link `by`, or by the signalling server (`None`); a request's `reply` says how it is answered.
pub(crate) fn on_envelope(ground: &mut Ground, bytes: &[u8], by: Option<LinkId>, reply: Option<ReplyTo>) {
    let Some(envelope) = Envelope::parse(bytes).filter(|envelope| envelope.body.len() <= DESCRIPTION_MAX)
    else {
        return;
    };
    let from = NodeId::of_key(envelope.key);
    if from == ground.id || from.level() < u32::from(ground.config.level) {
        return;
    }
    let link = match envelope.kind {
        Kind::Offer | Kind::Circuit => {
            let is_late = ground.wall_s().is_some_and(|now| {
                envelope.expiry_s != 0 && envelope.expiry_s.saturating_add(SKEW_S) < now.get()
            });
            if is_late || repeats_answer(ground, &from, envelope.session) {
                return;
            }
            let is_full = (ground.takes_no_more(reply.is_none()) || ground.is_one_too_many(&from))
                && !ground.links.knows(&from);
            if is_full || ground.bans.hold(&from, ground.now) {
                return refuse(ground, &from, envelope.session, Reason::NoRoom, reply);
            }
            None
        }
        // It is fresh by its session, which this node chose.
        Kind::Answer | Kind::Refuse => match awaiting(ground, &from, envelope.session) {
            None => return,
            link => link,
        },
    };
    if !has_place(ground, by, link) {
        return;
    }
    let signed = envelope.signed_bytes(&ground.config.network, &from, &ground.id);
    if ground.verify(What::VerifyEnvelope, link, envelope.key, envelope.signature, signed) {
        ground.attach(Parcel { peer: from, bytes: bytes.to_vec(), by, reply });
    }
}

/// Whether one more envelope may be checked. Answers to this node's dials have places of their own, and who brings
/// bogus ones by one link fills no more than the places of that link.
fn has_place(ground: &Ground, by: Option<LinkId>, link: Option<LinkId>) -> bool {
    let is_like = |job: &Job| job.what == What::VerifyEnvelope && job.link() == link;
    let is_by = |job: &Job| is_like(job) && job.parcel.as_ref().is_some_and(|parcel| parcel.by == by);
    let (most, share) = match (link, by) {
        (Some(_), _) => (ANSWERS_A_DIAL, 1),
        (None, Some(_)) => (STRANGERS_MAX, STRANGERS_A_LINK),
        (None, None) => (STRANGERS_MAX, STRANGERS_MAX - 1),
    };
    ground.count_jobs(&is_like) < most && ground.count_jobs(&is_by) < share
}

/// The signature of an envelope holds. Answers an offer, for which somebody else may have to give way.
pub(super) fn on_envelope_verified(ground: &mut Ground, job: Job) -> Option<Box<Parcel>> {
    let arrived = job.parcel?;
    if job.number == 0 {
        return Some(arrived);
    }
    let envelope = Envelope::parse(&arrived.bytes)?;
    // It may have been answered meanwhile.
    let link = awaiting(ground, &arrived.peer, envelope.session)?;
    if envelope.kind == Kind::Answer {
        on_answer(ground, link, envelope.body);
    } else {
        ground.end(link, envelope.body.first().map_or(Reason::NoRoom, |code| Reason::from_code(*code)));
    }
    None
}

/// Answers an offer whose signature holds, by a link that begins or by a refusal.
pub(crate) fn on_offer(ground: &mut Ground, arrived: Parcel) {
    let Parcel { peer: from, bytes, reply, .. } = arrived;
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

/// Refuses an offer, signed. At the bound it is left unsaid, and the offerer's dial times out.
pub(super) fn refuse(ground: &mut Ground, to: &NodeId, session: u32, reason: Reason, reply: Option<ReplyTo>) {
    let by = reply.as_ref().and_then(ReplyTo::link);
    let is_like = |job: &Job| job.what == What::SignRefusal;
    let is_by = |job: &Job| is_like(job) && job.link() == by;
    if ground.count_jobs(&is_like) >= REFUSALS_MAX || ground.count_jobs(&is_by) >= REFUSALS_A_LINK {
        return;
    }
    let envelope = Envelope {
        kind: Kind::Refuse,
        session,
        expiry_s: 0,
        key: &ground.config.key,
        signature: &[0; 64],
        body: &[reason as u8],
    };
    let (bytes, signed) = (envelope.emit(), envelope.signed_bytes(&ground.config.network, &ground.id, to));
    if ground.sign(What::SignRefusal, by, signed) {
        ground.attach(Parcel { peer: *to, bytes, by, reply });
    }
}

/// A refusal is signed: it goes the way the offer came.
pub(super) fn on_refusal_signed(ground: &mut Ground, refusal: Parcel, signature: &Signature) {
    let Parcel { peer, mut bytes, reply, .. } = refusal;
    Envelope::sign(&mut bytes, signature);
    match reply {
        Some(reply) => ground.reply(&reply, &Body::Envelope(&bytes)),
        None => relay(ground, &peer, &bytes),
    }
}

/// The link that this node dials, of which no answer came yet.
fn awaiting(ground: &Ground, to: &NodeId, session: u32) -> Option<LinkId> {
    let link = ground.links.find(&|link| {
        let asked = link.handshake.as_ref().filter(|handshake| !handshake.answered);
        link.peer == *to && link.dialled && asked.is_some_and(|asked| asked.session == session)
    })?;
    Some(link.id)
}

/// No way to the other end was found by the first link that was tried: try another, or give up. False if no link is
/// being made in this session.
pub(crate) fn on_envelope_lost(ground: &mut Ground, session: u32) -> bool {
    let now = ground.now;
    let waits = |link: &&mut Link| {
        let asked = link.handshake.as_ref().filter(|handshake| !handshake.answered);
        link.dialled && asked.is_some_and(|asked| asked.session == session && asked.tries > 0)
    };
    let Some(link) = ground.links.iter_mut().find(waits) else { return false };
    let (id, tries) = (link.id, link.handshake.as_ref().map_or(0, |handshake| handshake.tries));
    link.due = Stamp::of(now);
    ground.arm(now);
    if tries >= TRIES_MAX {
        ground.end(id, Reason::Lost);
    }
    true
}

fn on_answer(ground: &mut Ground, id: LinkId, description: &[u8]) {
    let deadline = ground.now + DIRECT_TIMEOUT;
    let has_relay = ground.has_relay();
    let Some(link) = ground.links.get_mut(id) else { return };
    let is_circuit = link.kind == LinkKind::Relayed;
    let Some(handshake) = &mut link.handshake else { return };
    handshake.answered = true;
    if is_circuit {
        return on_circuit_answer(ground, id, description);
    }
    if has_relay {
        handshake.deadline = handshake.deadline.min(deadline);
        link.due = Stamp::of(handshake.deadline);
        ground.arm(deadline);
    }
    ground.put_copy(output::ANSWERED, id.word(), &[], description);
}

/// Sends the envelope of a link that is being made, the first time or again.
pub(crate) fn send_envelope(ground: &mut Ground, id: LinkId) {
    let now = ground.now;
    let (is_present, has_peers) = (ground.is_introduced, ground.links.ready_count() > 0);
    let Some(link) = ground.links.get_mut(id) else { return };
    let (peer, dialled) = (link.peer, link.dialled);
    let Some(mut handshake) = link.handshake.take() else { return };
    let mut due = handshake.deadline;
    let is_over = handshake.envelope.is_empty() || handshake.answered && dialled;
    if !is_over && handshake.tries < TRIES_MAX {
        let mut by_signal = handshake.by_signal;
        if dialled {
            // An offer that went unanswered one way tries the other; an answer goes back the way the offer came.
            by_signal ^= handshake.tries > 0;
            handshake.by_signal = by_signal;
            by_signal = by_signal && is_present || !has_peers;
            // Only the offerer repeats: a repeated offer makes the answerer repeat its answer.
            due = due.min(now + Duration(RESEND.0 << handshake.tries));
        }
        handshake.tries += 1;
        ground.arm(due);
        let body = Body::Envelope(&handshake.envelope);
        if by_signal {
            relay(ground, &peer, &handshake.envelope);
        } else if let Some(reply) = &handshake.reply {
            ground.reply(reply, &body);
        } else {
            // Where the best way ends, one from anywhere may not.
            let how = if handshake.tried.is_empty() { 0 } else { STRAY };
            let first = ground.send_request(handshake.session, &peer, true, how, &body, &handshake.tried);
            if let Some(first) = first {
                handshake.tried.push(first);
            }
        }
    }
    if let Some(link) = ground.links.get_mut(id) {
        (link.handshake, link.due) = (Some(handshake), Stamp::of(due));
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
        handshake.reply = reply;
    }
    id
}
