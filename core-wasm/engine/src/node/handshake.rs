//! How the two ends of an open transport find out that they are who they say.
//!
//! Over WebRTC the signed envelopes already bound the DTLS fingerprints to both ids, so one `Hello` each is
//! enough. Over a WebSocket each end also signs the other's fresh nonce, and waits until it is told that its own
//! proof holds, so that nothing is sent to an end that does not listen yet.

use alloc::vec::Vec;

use super::Node;
use super::jobs::Pending;
use crate::ground::{Ground, Owner};
use crate::id::{NodeId, Signature};
use crate::io::kinds::output;
use crate::io::{LinkId, LinkKind, Profile};
use crate::link::{Link, Stage};
use crate::status::Reason;
use crate::time::Duration;
use crate::wire::frame::{Frame, Hello, RELAY, proof_bytes};

/// A peer has so long to prove itself once the transport is open.
const PROOF_TIMEOUT: Duration = Duration::from_ms(10_000);

/// A second link of the same kind to the same peer replaces the first if that is older than this: the peer has lost the
/// old one.
const SETTLED: Duration = Duration::from_ms(5_000);

impl Node {
    pub(super) fn on_incoming(&mut self) {
        if self.ground.is_full() {
            return self.ground.put_kind(output::REFUSE, None);
        }
        let deadline = self.ground.now + PROOF_TIMEOUT;
        let id = self.ground.links.begin(LinkKind::Socket, NodeId([0; 32]), false, self.ground.now, deadline);
        self.ground.put_kind(output::ACCEPT, Some(id));
        self.on_link_up(id);
    }

    pub(super) fn on_link_up(&mut self, id: LinkId) {
        let deadline = self.ground.now + PROOF_TIMEOUT;
        let mut nonce = [0; 32];
        for chunk in nonce.chunks_mut(8) {
            chunk.copy_from_slice(&crate::hash::big_endian(self.ground.rng.next()));
        }
        let Some(link) = self.ground.links.get_mut(id).filter(|link| link.stage == Stage::Opening) else {
            return;
        };
        link.stage = Stage::Proving;
        link.due = deadline;
        if let Some(handshake) = &mut link.handshake {
            handshake.deadline = deadline;
            handshake.nonce = nonce;
        }
        let waits = link.kind == LinkKind::Relayed && !link.dialled;
        self.ground.arm(deadline);
        if !waits {
            self.send_hello(id, &nonce);
        }
    }

    /// The first frame. The end that answered a circuit waits for the other's: only then can that one unseal.
    fn send_hello(&mut self, id: LinkId, nonce: &[u8; 32]) {
        let relay = if self.ground.config.relay { RELAY } else { 0 };
        let hello = Frame::Hello(Hello {
            network: &self.ground.config.network,
            profile: self.ground.config.profile as u8 | relay,
            nonce,
            key: &self.ground.config.key,
            address: &self.ground.config.address,
        });
        let bytes = hello.emit();
        self.ground.send_bytes(id, bytes);
    }

    pub(super) fn on_link_down(&mut self, id: LinkId) {
        self.ground.closing.take_if(|(link, _)| *link == id);
        let cannot_offer = |link: &Link| {
            let is_silent = link.handshake.as_ref().is_some_and(|handshake| handshake.envelope.is_empty());
            link.kind == LinkKind::WebRtc && link.stage == Stage::Opening && is_silent
        };
        let is_unreachable = self.ground.links.get(id).is_some_and(cannot_offer);
        self.drop_link(id, if is_unreachable { Reason::Unreachable } else { Reason::Lost }, false);
    }

    pub(super) fn on_hello(&mut self, id: LinkId, hello: &Hello<'_>) -> Result<(), Reason> {
        if *hello.network != self.ground.config.network {
            return Err(Reason::OtherNetwork);
        }
        let peer = NodeId::of_key(hello.key);
        if peer.level() < u32::from(self.ground.config.level) {
            return Err(Reason::LowLevel);
        }
        let is_banned = self.ground.contacts.is_banned(&peer, self.ground.now);
        let Some(link) = self.ground.links.get_mut(id) else { return Ok(()) };
        let (kind, dialled) = (link.kind, link.dialled);
        if peer == self.ground.id || is_banned || kind != LinkKind::Socket && peer != link.peer {
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
            if kind == LinkKind::Relayed && !dialled {
                self.send_hello(id, &[0; 32]);
            }
            self.on_ready(id);
            return Ok(());
        }
        let bytes = proof_bytes(&self.ground.config.network, hello.nonce, &handshake.nonce, hello.key);
        self.pending.add(self.ground.sign(Owner::Linking, bytes), Pending::SignLink(id));
        Ok(())
    }

    pub(super) fn on_link_signed(&mut self, id: LinkId, signature: &Signature) {
        self.ground.send(id, &Frame::Proof(signature));
    }

    pub(super) fn on_proof(&mut self, id: LinkId, signature: &Signature) -> Result<(), Reason> {
        let Some(link) = self.ground.links.get_mut(id) else { return Ok(()) };
        let kind = link.kind;
        let Some(handshake) = &mut link.handshake else { return Ok(()) };
        if kind != LinkKind::Socket || handshake.key == [0; 64] || handshake.answered {
            return Err(Reason::Malformed);
        }
        handshake.answered = true;
        let key = handshake.key;
        // The peer's nonce came with its key, in its Hello; only the peer signs over both in this order.
        let (own, network) = (&self.ground.config.key, &self.ground.config.network);
        let bytes = proof_bytes(network, &handshake.nonce, &handshake.peer_nonce, own);
        self.pending.add(self.ground.verify(Owner::Linking, &key, signature, bytes), Pending::VerifyLink(id));
        Ok(())
    }

    pub(super) fn on_link_verified(&mut self, id: LinkId, holds: bool) {
        if !holds {
            return self.drop_link(id, Reason::BadProof, true);
        }
        if let Some(handshake) = self.ground.links.handshake(id) {
            handshake.proved = true;
        }
        self.ground.send(id, &Frame::Welcome);
        self.ready_if_both(id);
    }

    pub(super) fn on_welcome(&mut self, id: LinkId) {
        if let Some(handshake) = self.ground.links.handshake(id) {
            handshake.welcomed = true;
        }
        self.ready_if_both(id);
    }

    fn ready_if_both(&mut self, id: LinkId) {
        let Some(link) = self.ground.links.get(id) else { return };
        if link.handshake.as_ref().is_some_and(|handshake| handshake.proved && handshake.welcomed) {
            self.on_ready(id);
        }
    }

    /// Both ends are who they say.
    fn on_ready(&mut self, id: LinkId) {
        let Some(link) = self.ground.links.get(id) else { return };
        let peer = link.peer;
        if let Some(other) = self.ground.links.to(&peer) {
            let other = other.id;
            if !self.replaces(id, other) {
                // The address leads to somebody who is linked; and a peer that knocks again may have lost that link.
                self.redirect_address(id, other);
                self.drop_link(id, Reason::Replaced, true);
                return self.ground.probe_hard(other);
            }
            self.drop_link(other, Reason::Replaced, true);
        }
        let now = self.ground.now;
        let Some(link) = self.ground.links.get_mut(id) else { return };
        link.stage = Stage::Ready;
        Ground::first_probe(link, now);
        let (kind, profile, dialled) = (link.kind, link.profile, link.dialled);
        if kind == LinkKind::WebRtc {
            self.ground.walls = 0;
        }
        let handshake = link.handshake.take();
        let is_first_contact =
            kind == LinkKind::Socket || handshake.as_ref().is_some_and(|shake| shake.by_signal);
        let address = handshake.map_or(Vec::new(), |handshake| handshake.address);
        self.ground.arm(now);
        self.ground.contacts.forget(&peer);
        self.settle_address(id, dialled);
        let value = kind as u32 | (profile as u32) << 8;
        self.ground.put(output::PEER_UP, id.number().into(), value, &peer.0, address);
        // A newcomer's first contacts may each open a part of the network that was not seen before.
        if self.ground.links.ready_count() == 1 || is_first_contact && !self.ground.joined {
            self.refresh_soon();
        }
        self.on_peers_changed(None);
        self.look_through(id);
    }

    /// Whether the new link shall stay rather than the old one to the same peer: WebRTC before WebSocket before a circuit, then the newer
    /// one, or of two that were begun at once the one begun by the smaller id. Both ends come to the same answer.
    fn replaces(&self, new: LinkId, old: LinkId) -> bool {
        let (Some(new), Some(old)) = (self.ground.links.get(new), self.ground.links.get(old)) else {
            return true;
        };
        if new.kind != old.kind {
            return (new.kind as u8) < old.kind as u8;
        }
        let begun_by = |dialled: bool| if dialled { self.ground.id } else { new.peer };
        self.ground.now.since(old.since) > SETTLED || begun_by(new.dialled) <= begun_by(old.dialled)
    }

    pub(super) fn on_handshake_due(&mut self, id: LinkId) {
        let Some(handshake) = self.ground.links.get(id).and_then(|link| link.handshake.as_ref()) else {
            return;
        };
        if self.ground.now >= handshake.deadline {
            return self.drop_link(id, Reason::Timeout, true);
        }
        self.send_envelope(id);
    }
}
