//! How the two ends of an open transport find out that they are who they say.
//!
//! Over WebRTC the signed envelopes already bound the DTLS fingerprints to both ids, so one `Hello` each is
//! enough. Over a WebSocket each end also signs the other's fresh nonce, and waits until it is told that its own
//! proof holds, so that nothing is sent to an end that does not listen yet.

use alloc::vec::Vec;

use super::dial::send_envelope;
use super::{Linking, Pending};
use crate::ground::{Ground, Owner};
use crate::id::{NodeId, Signature};
use crate::io::kinds::output;
use crate::io::{LinkId, LinkKind, Profile};
use crate::link::{Link, Stage};
use crate::status::Reason;
use crate::time::{Duration, Stamp};
use crate::wire::frame::{Frame, Hello, RELAY, proof_bytes};

/// A peer has so long to prove itself once the transport is open.
const PROOF_TIMEOUT: Duration = Duration::from_ms(10_000);

/// A second link of the same kind to the same peer replaces the first if that is older than this: the peer has lost the
/// old one.
const SETTLED: Duration = Duration::from_ms(5_000);

pub(crate) fn on_incoming(ground: &mut Ground) {
    if ground.is_full() {
        return ground.put_kind(output::REFUSE, None);
    }
    let deadline = ground.now + PROOF_TIMEOUT;
    let id = ground.links.begin(LinkKind::Socket, NodeId([0; 32]), false, ground.now, deadline);
    ground.put_kind(output::ACCEPT, Some(id));
    on_link_up(ground, id);
}

pub(crate) fn on_link_up(ground: &mut Ground, id: LinkId) {
    let deadline = ground.now + PROOF_TIMEOUT;
    let mut nonce = [0; 32];
    ground.rng.fill(&mut nonce);
    let Some(link) = ground.links.get_mut(id).filter(|link| link.stage == Stage::Opening) else {
        return;
    };
    link.stage = Stage::Proving;
    link.due = Stamp::of(deadline);
    if let Some(handshake) = &mut link.handshake {
        handshake.deadline = deadline;
        handshake.nonce = nonce;
    }
    let waits = link.kind == LinkKind::Relayed && !link.dialled;
    ground.arm(deadline);
    if !waits {
        send_hello(ground, id, &nonce);
    }
}

impl Linking {
    pub(crate) fn on_hello(
        &mut self,
        ground: &mut Ground,
        id: LinkId,
        hello: &Hello<'_>,
    ) -> Result<(), Reason> {
        if *hello.network != ground.config.network {
            return Err(Reason::OtherNetwork);
        }
        let peer = NodeId::of_key(hello.key);
        if peer.level() < u32::from(ground.config.level) {
            return Err(Reason::LowLevel);
        }
        let is_banned = ground.contacts.is_banned(&peer, ground.now);
        let Some(link) = ground.links.get_mut(id) else { return Ok(()) };
        let (kind, dialled) = (link.kind, link.dialled);
        if peer == ground.id || is_banned || kind != LinkKind::Socket && peer != link.peer {
            return Err(Reason::BadProof);
        }
        link.is_relay = hello.profile & RELAY != 0;
        link.profile = Profile::from_code(hello.profile & !RELAY);
        link.peer = peer;
        let Some(handshake) = &mut link.handshake else { return Ok(()) };
        if handshake.key != [0; 64] {
            return Err(Reason::Malformed);
        }
        handshake.key = *hello.key;
        handshake.peer_nonce = *hello.nonce;
        handshake.address = hello.address.to_vec();
        if kind != LinkKind::Socket {
            (handshake.proved, handshake.welcomed) = (true, true);
            if kind == LinkKind::Relayed && !dialled {
                send_hello(ground, id, &[0; 32]);
            }
            return Ok(());
        }
        let bytes = proof_bytes(&ground.config.network, hello.nonce, &handshake.nonce, hello.key);
        self.pending.add(ground.sign(Owner::Linking, bytes), Pending::SignLink(id));
        Ok(())
    }

    pub(crate) fn on_proof(
        &mut self,
        ground: &mut Ground,
        id: LinkId,
        signature: &Signature,
    ) -> Result<(), Reason> {
        let Some(link) = ground.links.get_mut(id) else { return Ok(()) };
        let kind = link.kind;
        let Some(handshake) = &mut link.handshake else { return Ok(()) };
        if kind != LinkKind::Socket || handshake.key == [0; 64] || handshake.answered {
            return Err(Reason::Malformed);
        }
        handshake.answered = true;
        let key = handshake.key;
        // The peer's nonce came with its key, in its Hello; only the peer signs over both in this order.
        let (own, network) = (&ground.config.key, &ground.config.network);
        let bytes = proof_bytes(network, &handshake.nonce, &handshake.peer_nonce, own);
        self.pending.add(ground.verify(Owner::Linking, &key, signature, bytes), Pending::VerifyLink(id));
        Ok(())
    }
}

pub(super) fn on_link_verified(ground: &mut Ground, id: LinkId, holds: bool) {
    if !holds {
        return ground.end(id, Reason::BadProof);
    }
    if let Some(handshake) = ground.links.handshake(id) {
        handshake.proved = true;
    }
    ground.send(id, &Frame::Welcome);
}

pub(crate) fn on_handshake_due(ground: &mut Ground, id: LinkId) {
    let Some(handshake) = ground.links.handshake(id) else { return };
    if ground.now >= handshake.deadline {
        return ground.end(id, Reason::Timeout);
    }
    send_envelope(ground, id);
}

/// The first frame. The end that answered a circuit waits for the other's: only then can that one unseal.
fn send_hello(ground: &mut Ground, id: LinkId, nonce: &[u8; 32]) {
    let relay = if ground.config.relay { RELAY } else { 0 };
    let hello = Frame::Hello(Hello {
        network: &ground.config.network,
        profile: ground.profile() as u8 | relay,
        nonce,
        key: &ground.config.key,
        address: if cfg!(feature = "native") { &ground.config.address } else { &[] },
    });
    let bytes = hello.emit();
    ground.send_bytes(id, bytes);
}

/// A link both ends of which are who they say, and that is not ready yet.
pub(crate) fn proved(ground: &Ground) -> Option<&Link> {
    let is_proved =
        |link: &Link| link.handshake.as_ref().is_some_and(|handshake| handshake.proved && handshake.welcomed);
    ground.links.find(&is_proved)
}

/// Why a transport ended that was not closed from here.
pub(crate) fn why_down(ground: &Ground, id: LinkId) -> Reason {
    let cannot_offer = |link: &Link| {
        let is_silent = link.handshake.as_ref().is_some_and(|handshake| handshake.envelope.is_empty());
        link.kind == LinkKind::WebRtc && link.stage == Stage::Opening && is_silent
    };
    if ground.links.get(id).is_some_and(cannot_offer) { Reason::Unreachable } else { Reason::Lost }
}

/// Both ends are who they say, and no other link stands between them: the link is ready. Says whether it is one that a
/// newcomer makes first; `None` if there is no such link.
pub(crate) fn settle(ground: &mut Ground, id: LinkId) -> Option<bool> {
    let now = ground.now;
    let link = ground.links.get_mut(id)?;
    link.stage = Stage::Ready;
    Ground::first_probe(link, now);
    let (kind, profile, peer) = (link.kind, link.profile, link.peer);
    let handshake = link.handshake.take();
    if kind == LinkKind::WebRtc {
        ground.walls = 0;
    }
    let is_first_contact =
        kind == LinkKind::Socket || handshake.as_ref().is_some_and(|shake| shake.by_signal);
    let address = handshake.map_or(Vec::new(), |handshake| handshake.address);
    ground.arm(now);
    ground.contacts.forget(&peer);
    let value = kind as u32 | (profile as u32) << 8;
    ground.put(output::PEER_UP, id.number().into(), value, &peer.0, address);
    Some(is_first_contact)
}

/// Whether the new link shall stay rather than the old one to the same peer: WebRTC before WebSocket before a circuit, then the newer
/// one, or of two that were begun at once the one begun by the smaller id. Both ends come to the same answer.
pub(crate) fn replaces(ground: &Ground, new: &Link, old: &Link) -> bool {
    if new.kind != old.kind {
        return (new.kind as u8) < old.kind as u8;
    }
    let begun_by = |dialled: bool| if dialled { ground.id } else { new.peer };
    ground.now.since(old.since()) > SETTLED || begun_by(new.dialled) <= begun_by(old.dialled)
}
