//! Making WebRTC links: signed envelopes there and back, by the signalling server or through the overlay.

use alloc::boxed::Box;

use super::circuit::{add_relays, on_circuit_answer, on_circuit_offer};
use super::envelopes::{begin_answer, refuse, send_envelope};
use super::handshake::on_socket_key;
use crate::ground::{Ground, Job, Parcel, ReplyTo, What};
use crate::id::{NodeId, Signature};
use crate::io::kinds::output;
use crate::io::{LinkId, LinkKind};
use crate::limits::{ANSWERS_A_DIAL, SKEW_S, STRANGERS_A_LINK, STRANGERS_MAX};
use crate::link::Link;
use crate::list::copied;
use crate::status::Reason;
use crate::time::{Duration, Stamp};
use crate::wire::description::DESCRIPTION_MAX;
use crate::wire::envelope::{Envelope, Kind};

/// An envelope expires after this.
const ENVELOPE_S: u32 = 60;

/// Time for a direct link to open before a relayed one is tried, where a relay is known.
const DIRECT_TIMEOUT: Duration = Duration::from_ms(6_000);

/// The shell has described this end of a link that is being made.
pub(crate) fn on_described(ground: &mut Ground, id: LinkId, description: &[u8]) {
    let expiry_s = ground.expiry_s(ENVELOPE_S);
    let Some(link) = ground.links.get(id) else { return };
    if link.kind == LinkKind::Socket {
        return on_socket_key(ground, id, description);
    }
    let mut body = copied(description);
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
        signature: &Signature::BLANK,
        body: &body,
    };
    handshake.envelope = envelope.emit();
    let bytes = envelope.signed_bytes(&ground.config.network, &ground.id, &peer);
    ground.sign(What::SignEnvelope, Some(id), bytes);
}

/// An envelope came over the link `by`, or by the signalling server (`None`); a request's `reply` says how it is answered.
pub(crate) fn on_envelope(ground: &mut Ground, bytes: &[u8], by: Option<LinkId>, mut reply: Option<ReplyTo>) {
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
            let is_late =
                envelope.expiry_s != 0 && envelope.expiry_s.saturating_add(SKEW_S) < ground.wall_s();
            if is_late || repeats_answer(ground, &from, envelope.session, &mut reply) {
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
        ground.attach(Parcel { peer: from, bytes: copied(bytes), by, reply });
    }
}

/// Whether one more envelope may be checked. Answers to this node's dials have places of their own, and who brings
/// bogus ones by one link fills no more than the places of that link; nor does who makes up keys and signs them.
fn has_place(ground: &Ground, by: Option<LinkId>, link: Option<LinkId>) -> bool {
    let is_like = |job: &Job| job.what == What::VerifyEnvelope && job.link() == link;
    let is_by = |job: &Job| is_like(job) && job.parcel.as_ref().is_some_and(|parcel| parcel.by == by);
    let is_answer = |other: &Link| {
        let reply = other.handshake.as_ref().and_then(|handshake| handshake.reply.as_ref());
        reply.is_some_and(|reply| reply.link() == by)
    };
    let answers = ground.links.numbers(&is_answer).len();
    if link.is_none() && answers > 0 && answers >= ground.room_for_others() {
        return false;
    }
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
    if ground.room_for_others() == 0 {
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

/// The link that this node dials, of which no answer came yet.
fn awaiting(ground: &Ground, to: &NodeId, session: u32) -> Option<LinkId> {
    let link = ground.links.find(&|link| {
        let asked = link.handshake.as_ref().filter(|handshake| !handshake.answered);
        link.peer == *to && link.dialled && asked.is_some_and(|asked| asked.session == session)
    })?;
    Some(link.id)
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

/// The same offer again: its answer was lost. True if that is what it was.
///
/// The answer goes the way that the first one took, for nobody checked who repeats the offer; only where that way begins with a link
/// that is gone, or with the signalling server and that is gone, it goes back the way that the offer took now.
fn repeats_answer(ground: &mut Ground, from: &NodeId, session: u32, reply: &mut Option<ReplyTo>) -> bool {
    let known = ground.links.find(&|link| {
        let answered = link.handshake.as_ref().is_some_and(|handshake| handshake.session == session);
        link.peer == *from && !link.dialled && link.kind != LinkKind::Socket && answered
    });
    let Some(id) = known.map(|link| link.id) else { return false };
    let way = ground.links.handshake(id).and_then(|handshake| handshake.reply.as_ref()?.link());
    let is_gone = way.map_or(!ground.is_introduced, |way| ground.links.get(way).is_none());
    if let Some(handshake) = ground.links.handshake(id).filter(|_| is_gone) {
        handshake.by_signal = reply.is_none();
        core::mem::swap(&mut handshake.reply, reply);
    }
    send_envelope(ground, id);
    true
}
