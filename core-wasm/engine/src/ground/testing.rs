//! A ground for the unit tests of machines.

use alloc::vec::Vec;

use super::shared::Ground;
use crate::id::{NodeId, PublicKey};
use crate::io::kinds::output;
use crate::io::{Config, Flat, LinkId, LinkKind, Profile};
use crate::link::{ReplyTo, Stage};
use crate::rng::Rng;
use crate::time::Instant;
use crate::wire::Reader;
use crate::wire::frame::split;

/// A native peer's.
pub(crate) fn config() -> Config {
    Config {
        key: PublicKey([1; 64]),
        seed: [1; 32],
        network: *b"network!",
        level: 0,
        profile: Profile::Native,
        address: Vec::new(),
        addresses: 0,
        signalling: false,
        relay: false,
    }
}

/// A native peer's ground at second 1, with this many links to peers of random ids.
pub(crate) fn ground(links: usize) -> Ground {
    let mut ground = Ground::new(config());
    ground.now = Instant(1_000_000);
    ground.wake = Instant::NEVER;
    ground.joined = links > 0;
    let mut rng = Rng::new(7);
    for _ in 0..links {
        let peer = random_id(&mut rng);
        link(&mut ground, &peer);
    }
    ground
}

/// A ready link to `peer`.
pub(crate) fn link(ground: &mut Ground, peer: &NodeId) -> LinkId {
    let id = ground.links.begin(LinkKind::WebRtc, Some(peer), true, ground.now, Instant::NEVER, &|_| false);
    if let Some(link) = ground.links.get_mut(id) {
        (link.stage, link.handshake) = (Stage::Ready, None);
    }
    id
}

/// Where the answer to a request goes that `origin` sent and that came by this link.
pub(crate) fn asked_by(ground: &Ground, link: LinkId, origin: &NodeId) -> ReplyTo {
    let entry = ground.entry(link, origin, 7, &[]);
    ReplyTo { origin: *origin, request: 7, path: entry.to_vec() }
}

pub(crate) fn random_id(rng: &mut Rng) -> NodeId {
    let mut bytes = [0; 32];
    for chunk in bytes.chunks_mut(8) {
        chunk.copy_from_slice(&rng.next().to_be_bytes());
    }
    NodeId(bytes)
}

/// What was put out since.
pub(crate) fn outputs(ground: &mut Ground) -> Vec<Flat> {
    let mut outputs = Vec::new();
    while let Some(flat) = ground.poll_flat() {
        outputs.push(core::mem::take(flat));
    }
    outputs
}

/// The frames that were sent since, each with its link; other outputs are dropped.
pub(crate) fn sent(ground: &mut Ground) -> Vec<(LinkId, Vec<u8>)> {
    let mut frames = Vec::new();
    for flat in outputs(ground) {
        let link = LinkId::new(flat.number as u16).filter(|_| flat.kind == output::SEND);
        let mut reader = Reader::new(&flat.bytes);
        while let Some(link) = link
            && let Some(Some(frame)) = split(&mut reader)
        {
            frames.push((link, frame.to_vec()));
        }
    }
    frames
}
