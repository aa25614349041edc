//! Relayed links, for pairs that cannot connect directly: a peer that both are linked with carries what it cannot read.
//!
//! A circuit is made like a WebRTC link, by two signed envelopes, which bind the fresh keys it is sealed with to both
//! ids. The relay keeps no state but a count of what it carried for each of its peers (cf. TURN, RFC 8656).

use alloc::vec::Vec;

use super::envelopes::{begin_answer, refuse};
use crate::ground::{Ground, ReplyTo, is_relay};
use crate::id::NodeId;
use crate::io::kinds::output;
use crate::io::{LinkId, LinkKind};
use crate::limits::{CIRCUIT_HEAD, SEAL};
use crate::link::Link;
use crate::status::Reason;
use crate::time::Duration;
use crate::wire::envelope::Envelope;
use crate::wire::frame::{BULK_MIN, Frame};

/// Relays that one offer names.
const RELAYS_MAX: usize = 4;

/// A circuit refused for want of a common relay is offered again, for the other end looks for one; one time in so many the
/// next attempt is direct.
const DIRECT_AGAIN_ONE_IN: u64 = 4;

/// A relayed link this old is ready, and sometimes tried directly again.
const TRY_DIRECT_AFTER: Duration = Duration::from_ms(60_000);

/// A direct link could not be made for want of an address at one end: the other end is told, and a circuit may be tried
/// at once; false if there is no relay for it.
pub(crate) fn on_unreachable(ground: &mut Ground, link: &mut Link) -> bool {
    if let Some(handshake) = link.handshake.as_mut().filter(|_| !link.dialled) {
        refuse(ground, &link.peer, handshake.session, Reason::Unreachable, handshake.reply.take());
    }
    ground.has_relay() && ground.contacts.learn(&link.peer).is_some()
}

/// Somebody who cannot reach this node directly offers a circuit.
pub(super) fn on_circuit_offer(
    ground: &mut Ground,
    from: NodeId,
    envelope: &Envelope<'_>,
    reply: Option<ReplyTo>,
) {
    let Some((key, via)) = read_circuit(ground, envelope.body) else { return };
    let Some(via) = via else {
        // Linked with none of them yet; by the next offer it may be.
        if let Some(relay) = NodeId::list(&envelope.body[64..]).first() {
            ground.learn(relay, None);
            ground.dial_as_asked(relay);
        }
        return refuse(ground, &from, envelope.session, Reason::NoRoom, reply);
    };
    let id = begin_answer(ground, LinkKind::Relayed, from, envelope.session, reply);
    if let Some(link) = ground.links.get_mut(id) {
        link.via = Some(via);
    }
    ground.put_copy(output::OPEN_CIRCUIT, id.word(), &[], key);
}

/// An attempt at a link ended. Where the other end is there and no transport came up, the next one goes through a relay.
pub(crate) fn choose_way(ground: &mut Ground, link: &Link, reason: Reason) {
    let Some(handshake) = &link.handshake else { return };
    let is_there = handshake.answered || !link.dialled;
    let is_walled = is_there && matches!(reason, Reason::Lost | Reason::Timeout);
    let is_direct = link.kind == LinkKind::WebRtc;
    if is_direct && is_walled {
        ground.walls = ground.walls.saturating_add(1);
    }
    let again = reason == Reason::NoRoom && ground.rng.below(DIRECT_AGAIN_ONE_IN) > 0;
    let Some(contact) = ground.contacts.get(&link.peer) else { return };
    contact.needs_relay = if is_direct { is_walled || reason == Reason::Unreachable } else { again };
    if is_direct && is_walled {
        contact.not_before = ground.now;
    }
}

/// What follows the fresh key in this end's envelope: the relays to choose from, or the one that was chosen.
pub(super) fn add_relays(ground: &Ground, dialled: bool, via: Option<LinkId>, body: &mut Vec<u8>) {
    let longest = body.len() + RELAYS_MAX * 32;
    for link in ground.links.peers().filter(|link| is_relay(link)) {
        if (dialled || Some(link.id) == via) && body.len() < longest {
            body.extend_from_slice(&link.peer.0);
        }
    }
}

/// The key that a circuit's envelope carries, and the first of the relays it names that this node is linked with.
fn read_circuit<'a>(ground: &Ground, body: &'a [u8]) -> Option<(&'a [u8; 64], Option<LinkId>)> {
    let (key, ids) = body.split_first_chunk::<64>()?;
    let link = |id| ground.links.to(id).filter(|link| is_relay(link));
    Some((key, NodeId::list(ids).iter().take(RELAYS_MAX).find_map(link).map(|link| link.id)))
}

/// The circuit that this node offered is taken.
pub(super) fn on_circuit_answer(ground: &mut Ground, id: LinkId, body: &[u8]) {
    let Some((key, Some(via))) = read_circuit(ground, body) else {
        return ground.end(id, Reason::NoRoom);
    };
    if let Some(link) = ground.links.get_mut(id) {
        link.via = Some(via);
    }
    ground.put_copy(output::ANSWERED, id.word(), &[], key);
}

/// The shell has sealed a frame: it goes to the relay. What is being sealed counts as queued on the relayed link.
pub(crate) fn on_sealed(ground: &mut Ground, id: LinkId, sealed: &[u8]) {
    let Some(link) = ground.links.get_mut(id).filter(|link| link.kind == LinkKind::Relayed) else { return };
    link.flow.sealed(sealed.len().saturating_sub(SEAL + 2));
    let (via, peer) = (link.via, link.peer);
    let bytes = Frame::Carry { carried: false, peer: &peer, sealed }.emit();
    let fits = |relay: &&Link| sealed.len() <= BULK_MIN - CIRCUIT_HEAD || relay.flow.affords(bytes.len());
    match ground.relay_link(via).filter(fits).map(|relay| relay.id) {
        Some(relay) => ground.send_bytes(relay, bytes),
        // More than the relay has granted: it would take that for a flood.
        None => ground.end(id, Reason::Stuck),
    }
}

/// A peer wants something carried, or a relay brings something. Answers the circuit that is over by the other end's word.
pub(crate) fn on_carry(
    ground: &mut Ground,
    from: LinkId,
    sender: &NodeId,
    carried: bool,
    peer: &NodeId,
    sealed: &[u8],
) -> Option<LinkId> {
    if !carried {
        carry(ground, from, sender, peer, sealed);
        return None;
    }
    let ours = |link: &Link| link.kind == LinkKind::Relayed && link.peer == *peer && link.via == Some(from);
    let link = ground.links.find(&ours)?.id;
    if sealed.len() == 1 {
        return Some(link);
    }
    ground.put_copy(output::UNSEAL, link.word(), &[], sealed);
    None
}

/// Carries a sealed frame between two peers, or tells the sender that it does not.
fn carry(ground: &mut Ground, from: LinkId, sender: &NodeId, peer: &NodeId, sealed: &[u8]) {
    let is_fair = ground.links.get_mut(from).is_some_and(|link| link.flow.carry(sealed.len()));
    let to = ground.links.to(peer).filter(|link| link.kind != LinkKind::Relayed);
    let has_room = |link: &&Link| sealed.len() <= BULK_MIN || ground.has_room(link, sealed.len() + 33, false);
    match to.filter(has_room).map(|link| link.id).filter(|_| is_fair && ground.config.relay) {
        Some(to) => ground.send(to, &Frame::Carry { carried: true, peer: sender, sealed }),
        None if sealed.len() > 1 => {
            let sealed = &[Reason::NoRoom as u8];
            ground.send(from, &Frame::Carry { carried: true, peer, sealed });
        }
        None => {}
    }
}

/// Tells the other end of a circuit that it is over.
pub(crate) fn end_circuit(ground: &mut Ground, via: Option<LinkId>, peer: &NodeId, reason: Reason) {
    if let Some(relay) = ground.relay_link(via).map(|relay| relay.id) {
        ground.send(relay, &Frame::Carry { carried: false, peer, sealed: &[reason as u8] });
    }
}

/// A circuit that leads over a link.
pub(crate) fn circuit_over(ground: &Ground, via: LinkId) -> Option<LinkId> {
    let link = ground.links.find(&|link| link.via == Some(via) && link.kind == LinkKind::Relayed)?;
    Some(link.id)
}

/// Now and then a direct link may have become possible; the smaller id tries, and whoever refuses the other's offers.
pub(crate) fn try_direct(ground: &mut Ground) {
    let is_walled = ground.is_walled();
    let is_old = |link: &Link| {
        link.kind == LinkKind::Relayed
            && (is_walled || ground.id < link.peer)
            && ground.now.since(link.since()) > TRY_DIRECT_AFTER
    };
    let old = ground.links.numbers(&is_old);
    let place = ground.rng.below(old.len() as u64) as usize;
    let Some(link) = old.get(place).and_then(|id| ground.links.get(*id)) else { return };
    let peer = link.peer;
    if ground.can_dial() && !ground.is_full() && ground.may_try_direct() {
        ground.begin_dial(LinkKind::WebRtc, &peer, false);
    }
}
