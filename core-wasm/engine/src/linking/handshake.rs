//! How the two ends of an open transport find out that they are who they say.
//!
//! Over WebRTC the signed envelopes already bound the DTLS fingerprints to both ids, and over a circuit its fresh keys, so
//! one `Hello` each is enough. A WebSocket is bound to nothing (whoever ends its TLS reads it), so its ends agree on keys
//! themselves (SIGMA, Krawczyk 2003, with both ids and roles in what is signed):
//!
//! ```text
//! both      Hello     a nonce, a fresh ECDH key, the identity key, in the clear
//! dialler   Proof     signed over both Hellos
//! listener  Proof     the same, once it has checked the dialler's: it signs for nobody who has not proved a key
//! dialler   Welcome   the first sealed frame; now both know that the other has the key of the seal too
//! ```
//!
//! Whoever stands between can cut the link, and do nothing else.

use alloc::vec::Vec;

use super::envelopes::send_envelope;
use crate::ground::{Ground, What};
use crate::hash::sha256;
use crate::id::{NodeId, PublicKey, Signature};
use crate::io::kinds::output;
use crate::io::{LinkId, LinkKind, Profile};
use crate::limits::NEWCOMERS_MAX;
use crate::link::{Link, Proof, Stage, UNSAID};
use crate::list::copied;
use crate::status::Reason;
use crate::time::{Duration, Stamp};
use crate::wire::Writer;
use crate::wire::frame::{Frame, Hello, RELAY, proof_bytes, transcript};

/// Time for a peer to prove its key after the transport opens.
const PROOF_TIMEOUT: Duration = Duration::from_ms(10_000);

/// A second link of the same kind to the same peer replaces the first if that is older than this: the peer has lost the
/// old one.
const SETTLED: Duration = Duration::from_ms(5_000);

pub(crate) fn on_incoming(ground: &mut Ground) {
    if ground.room_for_others() == 0 {
        return ground.put_kind(output::REFUSE, None);
    }
    make_room(ground);
    let id = ground.begin_link(LinkKind::Socket, None, false);
    open(ground, id);
    ground.put_kind(output::ACCEPT, Some(id));
}

/// At the bound of WebSockets that were accepted and are not ready, the one that waits longest makes room: whoever says nothing on
/// many keeps nobody out.
fn make_room(ground: &mut Ground) {
    let is_newcomer =
        |link: &&Link| link.kind == LinkKind::Socket && !link.dialled && link.stage == Stage::Proving;
    let newcomers = ground.links.iter().filter(is_newcomer);
    if newcomers.clone().count() >= NEWCOMERS_MAX
        && let Some(oldest) = newcomers.min_by_key(|link| link.since()).map(|link| link.id)
    {
        ground.end(oldest, Reason::NoRoom);
    }
}

/// The transport of a link is open: the peer has so long to prove itself. `None` if there is no such link.
fn open(ground: &mut Ground, id: LinkId) -> Option<()> {
    let deadline = ground.now + PROOF_TIMEOUT;
    let link = ground.links.get_mut(id).filter(|link| link.stage == Stage::Opening)?;
    link.stage = Stage::Proving;
    link.due = Stamp::of(deadline);
    link.handshake.as_mut()?.deadline = deadline;
    ground.arm(deadline);
    Some(())
}

pub(crate) fn on_link_up(ground: &mut Ground, id: LinkId) {
    if open(ground, id).is_none() {
        return;
    }
    match ground.links.get(id).map(|link| (link.kind, link.dialled)) {
        Some((LinkKind::Socket, _)) => greet(ground, id),
        // The end that answered a circuit waits for the other's Hello: only then can that one unseal.
        Some((LinkKind::Relayed, false)) => {}
        _ => send_hello(ground, id),
    }
}

/// The shell has made a fresh key for a WebSocket.
pub(super) fn on_socket_key(ground: &mut Ground, id: LinkId, key: &[u8]) {
    if let Some(handshake) = ground.links.handshake(id) {
        handshake.fresh = copied(key);
    }
    greet(ground, id);
}

/// Sends the `Hello` of a WebSocket once the transport is open and the shell has made a key.
fn greet(ground: &mut Ground, id: LinkId) {
    let Some(link) = ground.links.get_mut(id).filter(|link| link.stage == Stage::Proving) else { return };
    let place = usize::from(!link.dialled);
    let Some(handshake) = &mut link.handshake else { return };
    let fresh = core::mem::take(&mut handshake.fresh);
    let Some(fresh) = fresh.first_chunk().filter(|_| handshake.hellos[place] == UNSAID) else { return };
    let nonce = ground.keystream.bytes();
    let hello = hello(ground, &nonce, PublicKey::of(fresh));
    if let Some(handshake) = ground.links.handshake(id) {
        handshake.hellos[place] = sha256(hello.get(2..).unwrap_or(&[]));
    }
    ground.send_bytes(id, hello);
    prove(ground, id);
}

/// Signs what was said so far, when it is this end's turn.
fn prove(ground: &mut Ground, id: LinkId) {
    let Some(bytes) = signed_bytes(ground, id, true) else { return };
    let is_turn = |link: &Link| {
        link.handshake.as_ref().is_some_and(|handshake| link.dialled || handshake.proof == Proof::Holds)
    };
    if ground.links.get(id).is_some_and(is_turn) {
        ground.sign(What::SignLink, Some(id), bytes);
    }
}

/// `bytes` is the whole frame.
pub(crate) fn on_hello(
    ground: &mut Ground,
    id: LinkId,
    hello: &Hello<'_>,
    bytes: &[u8],
) -> Result<(), Reason> {
    if *hello.network != ground.config.network {
        return Err(Reason::OtherNetwork);
    }
    let peer = NodeId::of_key(hello.key);
    if peer.level() < u32::from(ground.config.level) {
        return Err(Reason::LowLevel);
    }
    let is_banned = ground.bans.hold(&peer, ground.now);
    let Some(link) = ground.links.get_mut(id) else { return Ok(()) };
    let (kind, dialled) = (link.kind, link.dialled);
    if peer == ground.id || kind != LinkKind::Socket && peer != link.peer {
        return Err(Reason::BadProof);
    }
    if is_banned {
        return Err(Reason::NoRoom);
    }
    link.is_relay = hello.profile & RELAY != 0;
    link.profile = Profile::from_code(hello.profile & !RELAY);
    let Some(handshake) = &mut link.handshake else { return Ok(()) };
    let said = &mut handshake.hellos[usize::from(dialled)];
    if *said != UNSAID {
        return Err(Reason::Malformed);
    }
    *said = sha256(bytes);
    handshake.key = *hello.key;
    handshake.exchange = *hello.exchange;
    handshake.address = copied(hello.address);
    if kind == LinkKind::Socket {
        prove(ground, id);
        return Ok(());
    }
    handshake.proof = Proof::Mutual;
    if kind == LinkKind::Relayed && !dialled {
        send_hello(ground, id);
    }
    Ok(())
}

pub(crate) fn on_proof(ground: &mut Ground, id: LinkId, signature: &Signature) -> Result<(), Reason> {
    let bytes = signed_bytes(ground, id, false).ok_or(Reason::Malformed)?;
    let Some(handshake) = ground.links.handshake(id) else { return Ok(()) };
    if core::mem::replace(&mut handshake.proof, Proof::Checked) != Proof::Awaited {
        return Err(Reason::Malformed);
    }
    let key = handshake.key;
    ground.verify(What::VerifyLink, Some(id), &key, signature, bytes);
    Ok(())
}

pub(super) fn on_link_verified(ground: &mut Ground, id: LinkId, holds: bool) {
    if !holds {
        return ground.end(id, Reason::BadProof);
    }
    let Some(link) = ground.links.get_mut(id) else { return };
    let Some(handshake) = &mut link.handshake else { return };
    handshake.proof = Proof::Holds;
    link.peer = NodeId::of_key(&handshake.key);
    if !link.dialled {
        return prove(ground, id);
    }
    seal(ground, id, Proof::Mutual);
    ground.send(id, &Frame::Welcome);
}

pub(crate) fn on_handshake_due(ground: &mut Ground, id: LinkId) {
    let Some(handshake) = ground.links.handshake(id) else { return };
    if ground.now >= handshake.deadline {
        return ground.end(id, Reason::Timeout);
    }
    send_envelope(ground, id);
}

/// This end's proof is signed; the listener's is the last frame that anybody can read.
pub(super) fn on_link_signed(ground: &mut Ground, id: LinkId, signature: &Signature) {
    ground.send(id, &Frame::Proof(signature));
    if ground.links.get(id).is_some_and(|link| !link.dialled) {
        seal(ground, id, Proof::Sealed);
    }
}

/// The end that dialled sealed this frame: it has the key, so it is no copy of its proof that came.
pub(crate) fn on_welcome(ground: &mut Ground, id: LinkId) -> Result<(), Reason> {
    let sealed = ground.links.handshake(id).filter(|handshake| handshake.proof == Proof::Sealed);
    sealed.ok_or(Reason::Malformed)?.proof = Proof::Mutual;
    Ok(())
}

/// What this end of a WebSocket signs (`own`), or the other; `None` before both `Hello`s were said.
fn signed_bytes(ground: &Ground, id: LinkId, own: bool) -> Option<Vec<u8>> {
    let link = ground.links.get(id)?;
    let key = &link.handshake.as_ref()?.key;
    let (this, other) = (&ground.id, &NodeId::of_key(key));
    let (from, to) = if own { (this, other) } else { (other, this) };
    Some(proof_bytes(&ground.config.network, link.dialled == own, &transcript_of(link)?, from, to))
}

/// `None` before both `Hello`s of a WebSocket were said.
fn transcript_of(link: &Link) -> Option<[u8; 32]> {
    let [dialler, listener] = &link.handshake.as_ref()?.hellos;
    (*dialler != UNSAID && *listener != UNSAID).then(|| transcript(dialler, listener))
}

/// From here on the shell seals what goes out, and opens what comes in.
fn seal(ground: &mut Ground, id: LinkId, proof: Proof) {
    let Some(link) = ground.links.get_mut(id) else { return };
    let (transcript, dialled) = (transcript_of(link).unwrap_or_default(), link.dialled);
    let Some(handshake) = &mut link.handshake else { return };
    handshake.proof = proof;
    let mut bytes = Writer::default();
    bytes.bytes(&handshake.exchange.0).bytes(&transcript);
    ground.put_plain(output::SEAL, id.word(), dialled.into(), &bytes.finish());
}

/// The first frame of a link whose ends the envelopes have bound.
fn send_hello(ground: &mut Ground, id: LinkId) {
    let hello = hello(ground, &[0; 32], &PublicKey::NONE);
    ground.send_bytes(id, hello);
}

fn hello(ground: &Ground, nonce: &[u8; 32], exchange: &PublicKey) -> Vec<u8> {
    let relay = if ground.config.relay { RELAY } else { 0 };
    let hello = Hello {
        network: &ground.config.network,
        profile: ground.profile() as u8 | relay,
        nonce,
        exchange,
        key: &ground.config.key,
        address: if cfg!(feature = "native") { &ground.config.address } else { &[] },
    };
    Frame::Hello(hello).emit()
}

/// A link both ends of which are who they say, and that is not ready yet.
pub(crate) fn proved(ground: &Ground) -> Option<&Link> {
    let is_proved =
        |link: &Link| link.handshake.as_ref().is_some_and(|handshake| handshake.proof == Proof::Mutual);
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
    ground.put(output::PEER_UP, id.word(), value, &peer.0, address);
    Some(is_first_contact)
}

/// Whether a link that is being made stays though the other end offers another: of two offers the smaller id's, and an answer for a
/// while. Anybody may repeat what was offered once, and whoever offers without end makes a node open no link each time.
pub(crate) fn withstands(ground: &Ground, link: &Link) -> bool {
    if link.dialled { ground.id < link.peer } else { ground.now.since(link.since()) <= SETTLED }
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
