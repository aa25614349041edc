//! The shell's half of relayed links: fresh keys, and frames that are sealed and opened in their order.
//!
//! The stand-in seals nothing: it adds a tag over keys, direction and count, so that a frame that is lost, repeated, changed
//! or another circuit's does not open, as with AES-GCM.

use sha2::{Digest, Sha256};
use tabmesh_engine::limits::{FRAME_MAX, SEAL};
use tabmesh_engine::{LinkId, PublicKey};

use super::agenda::Happening;
use super::host::HostId;
use super::stimulus::{LinkNews, Stimulus};
use super::{MS, World};

/// One end.
pub(crate) struct Circuit {
    own: PublicKey,
    peer: Option<PublicKey>,
    dialled: bool,
    sealed: u64,
    opened: u64,
}

impl Circuit {
    /// The tag of frame `count` of this end, or of the other one.
    fn tag(&self, is_own: bool, count: u64, frame: &[u8]) -> [u8; SEAL] {
        let peer = self.peer.expect("frames flow once both keys are there");
        let (offerer, answerer) = if self.dialled { (self.own, peer) } else { (peer, self.own) };
        let mut hash = Sha256::new();
        hash.update(offerer);
        hash.update(answerer);
        hash.update([u8::from(self.dialled == is_own)]);
        hash.update(count.to_be_bytes());
        hash.update(frame);
        *hash.finalize().first_chunk().expect("32 bytes")
    }
}

impl World {
    /// Makes a key, and with the other end's a circuit.
    pub(super) fn open_circuit(&mut self, host: HostId, link: LinkId, peer: Option<PublicKey>) {
        let own = self.stranger().public;
        let circuit = Circuit { own, peer, dialled: peer.is_none(), sealed: 0, opened: 0 };
        self.hosts[host.0].circuits.insert(link.number(), circuit);
        self.circuit_news(host, link, LinkNews::Described(own.to_vec()));
        if peer.is_some() {
            self.circuit_news(host, link, LinkNews::Up);
        }
    }

    /// The other end's key came.
    pub(super) fn complete_circuit(&mut self, host: HostId, link: LinkId, key: &[u8]) {
        let circuit = self.hosts[host.0].circuits.get_mut(&link.number()).expect("looked up by the caller");
        circuit.peer = key.try_into().ok();
        let news = if circuit.peer.is_some() { LinkNews::Up } else { LinkNews::Down };
        self.circuit_news(host, link, news);
    }

    /// Seals a frame; false if the link is no circuit.
    pub(super) fn seal(&mut self, host: HostId, link: LinkId, frame: &[u8]) -> bool {
        let Some(circuit) = self.hosts[host.0].circuits.get_mut(&link.number()) else { return false };
        circuit.sealed += 1;
        let mut sealed = frame.to_vec();
        sealed.extend(circuit.tag(true, circuit.sealed, frame));
        if frame.len() > FRAME_MAX + 2 {
            self.fail(host, &format!("a frame of {} bytes", frame.len()));
        }
        self.circuit_news(host, link, LinkNews::Sealed(sealed));
        true
    }

    /// Opens a sealed frame, or ends the link.
    pub(super) fn unseal(&mut self, host: HostId, link: LinkId, sealed: &[u8]) {
        let Some(circuit) = self.hosts[host.0].circuits.get_mut(&link.number()) else {
            self.fail(host, &format!("Unseal names link {}, which is no circuit", link.number()));
        };
        circuit.opened += 1;
        let (frame, tag) = sealed.split_at(sealed.len().saturating_sub(SEAL));
        let opens = circuit.peer.is_some() && tag == circuit.tag(false, circuit.opened, frame);
        let news = if opens { LinkNews::Bytes(frame.to_vec()) } else { LinkNews::Down };
        self.circuit_news(host, link, news);
    }

    /// WebCrypto takes its time, and one circuit's frames come out in the order they went in.
    fn circuit_news(&mut self, host: HostId, link: LinkId, news: LinkNews) {
        let life = self.hosts[host.0].life;
        self.at(MS / 4, Happening::Hand(host, life, Stimulus::Circuit(link, news)));
    }
}
