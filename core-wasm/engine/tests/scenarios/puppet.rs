//! Puppets that speak the protocol by hand: peers that are honest as far as a test wants, and no further.

use tabmesh_engine::wire::Reader;
use tabmesh_engine::wire::envelope::{Envelope, Kind};
use tabmesh_engine::wire::frame::{CLOSE, Frame, Hello, proof_bytes, split, transcript};
use tabmesh_engine::wire::signal::{self, FromServer, ToServer};
use tabmesh_engine::{Coordinate, LinkId, NodeId, Output, PublicKey, Reason, Route, Signature, sha256};
use tabmesh_world::server::SERVER_NAME;

use crate::world::script::Heard;
use crate::world::{HostId, Spec, World};

/// The nonce of every puppet; fresh enough for one run.
const NONCE: [u8; 32] = [0x5a; 32];

/// The frames that came over a puppet's link, each without its length, oldest first.
pub(crate) fn frames(world: &World, puppet: HostId, link: LinkId) -> Vec<Vec<u8>> {
    let mut frames = Vec::new();
    for packet in world.host(puppet).script().map_or_else(Vec::new, |script| script.packets(link)) {
        let mut reader = Reader::new(packet);
        while let Some(Some(frame)) = split(&mut reader) {
            frames.push(frame.to_vec());
        }
    }
    frames
}

/// Sends frames over a puppet's link, as one drain.
pub(crate) fn say(world: &mut World, puppet: HostId, link: LinkId, frames: &[Frame<'_>]) {
    let send = |frame: &Frame<'_>| Output::Send { link, bytes: frame.emit() };
    world.play(puppet, frames.iter().map(send).collect());
}

/// A puppet's own hello; `exchange` is its fresh key.
pub(crate) fn hello<'a>(network: &'a [u8; 8], exchange: &'a PublicKey, key: &'a PublicKey) -> Frame<'a> {
    Frame::Hello(Hello { network, profile: 0, nonce: &NONCE, exchange, key, address: b"" })
}

/// Names neighbours, 32 bytes each, and claims to count on the receiver as one.
pub(crate) fn gossip(joined: &[u8]) -> Frame<'_> {
    Frame::Gossip { ties: CLOSE, joined, left: &[] }
}

/// Of the other end's hello: SHA-256, its identity key, its fresh key.
fn greeting(frames: &[Vec<u8>]) -> Option<([u8; 32], PublicKey, PublicKey)> {
    frames.iter().find_map(|bytes| match Frame::parse(bytes)? {
        Frame::Hello(hello) => Some((sha256(bytes), *hello.key, *hello.exchange)),
        _ => None,
    })
}

/// Dials the listener that the puppet knows first, and proves the puppet's key to it; whether the listener let it in.
pub(crate) fn join_by_socket(world: &mut World, puppet: HostId, link: LinkId) -> bool {
    world.play(puppet, vec![Output::Open { link, route: Route::Socket(0) }]);
    world.run_until(4_000, |world| {
        is_closed(world, puppet, link) || greeting(&frames(world, puppet, link)).is_some()
    });
    let Some((theirs, key, exchange)) = greeting(&frames(world, puppet, link)) else { return false };
    let own_exchange = world.script(puppet).description(link).expect("made at once");
    let machine = world.host(puppet);
    let network = machine.spec.network_id();
    let own = hello(
        &network,
        PublicKey::of(own_exchange.as_slice().try_into().expect("64 bytes")),
        &machine.key.public,
    );
    let transcript = transcript(&sha256(&own.emit()[2..]), &theirs);
    let signed = proof_bytes(&network, true, &transcript, &machine.id, &NodeId::of_key(&key));
    let proof = machine.key.sign(&signed);
    let greeting = [own.emit(), Frame::Proof(&proof).emit()].concat();
    world.play(puppet, vec![Output::Send { link, bytes: greeting }]);
    world.run_until(4_000, |world| is_closed(world, puppet, link) || has_proof(world, puppet, link));
    if !has_proof(world, puppet, link) {
        return false;
    }
    world.play(puppet, vec![Output::Seal { link, dialled: true, key: exchange, transcript }]);
    say(world, puppet, link, &[Frame::Welcome]);
    let id = world.host(puppet).id;
    world.run_until(4_000, |world| world.live().iter().any(|host| world.host(*host).link_to(id).is_some()));
    !is_closed(world, puppet, link)
}

/// Has a puppet answer probes, as any living peer does.
pub(crate) fn stay_alive(world: &mut World, puppet: HostId) {
    world.script(puppet).answers = Some(|link, packet| {
        let mut reader = Reader::new(packet);
        let mut pongs = Vec::new();
        while let Some(Some(frame)) = split(&mut reader) {
            if let Some(Frame::Ping(number)) = Frame::parse(frame) {
                pongs.push(Output::Send {
                    link,
                    bytes: Frame::Pong { number, at: Coordinate::default(), wall_s: 0 }.emit(),
                });
            }
        }
        pongs
    });
}

/// A new puppet with a key of its own that joined the host `listener` by its WebSocket address, as its link 1.
pub(crate) fn guest(world: &mut World, listener: HostId) -> HostId {
    let puppet = world.add_script(Spec::browser().knowing(&[listener]));
    stay_alive(world, puppet);
    assert!(
        join_by_socket(world, puppet, LinkId::new(1).unwrap()),
        "seed {}: the puppet was not let in",
        world.seed
    );
    puppet
}

/// Why the other end said goodbye on a puppet's link, if it did.
pub(crate) fn goodbye(world: &World, puppet: HostId, link: LinkId) -> Option<Reason> {
    frames(world, puppet, link).iter().find_map(|frame| match Frame::parse(frame)? {
        Frame::Bye(reason) => Some(reason),
        _ => None,
    })
}

/// Whether a puppet's link is closed.
pub(crate) fn is_closed(world: &World, puppet: HostId, link: LinkId) -> bool {
    !world.host(puppet).links.contains_key(&link.number())
}

fn has_proof(world: &World, puppet: HostId, link: LinkId) -> bool {
    frames(world, puppet, link).iter().any(|frame| matches!(Frame::parse(frame), Some(Frame::Proof(_))))
}

/// Connects a puppet to the signalling server and proves its key there.
pub(crate) fn join_server(world: &mut World, puppet: HostId) {
    world.play(puppet, vec![Output::SignalOpen]);
    world.expect(4_000, "the server challenges the puppet", |world| challenge(world, puppet).is_some());
    let nonce = challenge(world, puppet).expect("just seen");
    let machine = world.host(puppet);
    let network = machine.spec.network_id();
    let signature = machine.key.sign(&signal::proof_bytes(&nonce, &network, 0, SERVER_NAME));
    let proof =
        ToServer::Prove { flags: 0, network: &network, key: &machine.key.public, signature: &signature };
    world.play(puppet, vec![Output::Signal(proof.emit())]);
    world.run_for(1_000);
}

fn challenge(world: &World, puppet: HostId) -> Option<[u8; 32]> {
    world.host(puppet).script()?.heard.iter().find_map(|heard| match heard {
        Heard::SignalBytes(bytes) => match FromServer::parse(bytes)? {
            FromServer::Challenge { nonce, .. } => Some(*nonce),
            _ => None,
        },
        _ => None,
    })
}

/// An envelope that the server delivered to a puppet.
pub(crate) struct Delivered {
    pub(crate) kind: Kind,
    pub(crate) session: u32,
    pub(crate) body: Vec<u8>,
}

/// The envelopes that the server delivered to a puppet, oldest first.
pub(crate) fn delivered(world: &World, puppet: HostId) -> Vec<Delivered> {
    let envelope = |heard: &Heard| {
        let Heard::SignalBytes(bytes) = heard else { return None };
        let FromServer::Deliver { envelope, .. } = FromServer::parse(bytes)? else { return None };
        let Envelope { kind, session, body, .. } = Envelope::parse(envelope)?;
        Some(Delivered { kind, session, body: body.to_vec() })
    };
    world
        .host(puppet)
        .script()
        .map_or_else(Vec::new, |script| script.heard.iter().filter_map(envelope).collect())
}

/// Signs an envelope for `to` and has the server carry it.
pub(crate) fn send_envelope(
    world: &mut World,
    puppet: HostId,
    to: NodeId,
    kind: Kind,
    session: u32,
    body: &[u8],
) {
    let machine = world.host(puppet);
    let blank =
        Envelope { kind, session, expiry_s: 0, key: &machine.key.public, signature: &Signature::BLANK, body };
    let signed = blank.signed_bytes(&machine.spec.network_id(), &machine.id, &to);
    let envelope = Envelope { signature: &machine.key.sign(&signed), ..blank }.emit();
    let relay = ToServer::Relay { to: &to, envelope: &envelope }.emit();
    world.play(puppet, vec![Output::Signal(relay)]);
}
