//! Envelopes on their way out: signed, sent by the signalling server or through the overlay, sent again.

use crate::ground::{Ground, Job, Parcel, ReplyTo, What};
use crate::id::{NodeId, Signature};
use crate::io::kinds::output;
use crate::io::{LinkId, LinkKind};
use crate::limits::{REFUSALS_A_LINK, REFUSALS_MAX};
use crate::link::Link;
use crate::status::Reason;
use crate::time::{Duration, Stamp};
use crate::wire::envelope::{Envelope, Kind};
use crate::wire::frame::{Body, STRAY};
use crate::wire::signal::ToServer;

/// An envelope without answer is sent again after this, each time twice as long.
const RESEND: Duration = Duration::from_ms(3_000);

/// How often an envelope is sent.
const TRIES_MAX: u8 = 3;

pub(super) fn on_envelope_signed(ground: &mut Ground, id: LinkId, signature: &Signature) {
    let Some(handshake) = ground.links.handshake(id) else { return };
    Envelope::sign(&mut handshake.envelope, signature);
    send_envelope(ground, id);
}

/// Sends the envelope of a link that is being made, the first time or again.
pub(super) fn send_envelope(ground: &mut Ground, id: LinkId) {
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

/// Sends an envelope by the signalling server; one that has gone meanwhile drops it, and its sender tries again.
fn relay(ground: &mut Ground, to: &NodeId, envelope: &[u8]) {
    if ground.is_introduced {
        ground.put(output::SIGNAL, 0, 0, &[], ToServer::Relay { to, envelope }.emit());
    }
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

/// Refuses an offer, signed. At the bound it is left unsaid, and the offerer's dial times out.
pub(super) fn refuse(ground: &mut Ground, to: &NodeId, session: u32, reason: Reason, reply: Option<ReplyTo>) {
    let by = reply.as_ref().and_then(ReplyTo::link);
    let is_like = |job: &Job| job.what == What::SignRefusal;
    let is_by = |job: &Job| is_like(job) && job.link() == by;
    if ground.count_jobs(&is_like) >= REFUSALS_MAX
        || ground.count_jobs(&is_by) >= REFUSALS_A_LINK
        || !ground.brings(by)
    {
        return;
    }
    let envelope = Envelope {
        kind: Kind::Refuse,
        session,
        expiry_s: 0,
        key: &ground.config.key,
        signature: &Signature::BLANK,
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

/// Begins the link that answers an offer.
pub(super) fn begin_answer(
    ground: &mut Ground,
    kind: LinkKind,
    from: NodeId,
    session: u32,
    reply: Option<ReplyTo>,
) -> LinkId {
    let id = ground.begin_link(kind, Some(&from), false);
    if let Some(handshake) = ground.links.handshake(id) {
        handshake.session = session;
        handshake.by_signal = reply.is_none();
        handshake.reply = reply;
    }
    id
}
