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
    dialled: bool,
    /// Once both keys are there.
    seal: Option<Seal>,
}

impl Circuit {
    fn complete(&mut self, peer: &PublicKey) {
        self.seal = Some(Seal::new(&self.own, peer, self.dialled, b"circuit"));
    }
}

/// What one end of a circuit or of a WebSocket seals with.
pub(crate) struct Seal {
    /// Both keys, the first of who began, and what else is bound.
    keys: Vec<u8>,
    dialled: bool,
    sealed: u64,
    opened: u64,
}

impl Seal {
    pub(crate) fn new(own: &PublicKey, peer: &PublicKey, dialled: bool, bound: &[u8]) -> Self {
        let (first, second) = if dialled { (own, peer) } else { (peer, own) };
        Self { keys: [&first[..], second, bound].concat(), dialled, sealed: 0, opened: 0 }
    }

    /// The tag of message `count` of this end, or of the other one.
    fn tag(&self, is_own: bool, count: u64, message: &[u8]) -> [u8; SEAL] {
        let mut hash = Sha256::new();
        hash.update(&self.keys);
        hash.update([u8::from(self.dialled == is_own)]);
        hash.update(count.to_be_bytes());
        hash.update(message);
        *hash.finalize().first_chunk().expect("32 bytes")
    }

    pub(crate) fn seal(&mut self, mut message: Vec<u8>) -> Vec<u8> {
        self.sealed += 1;
        message.extend(self.tag(true, self.sealed, &message));
        message
    }

    /// `None` if it does not open.
    pub(crate) fn open(&mut self, mut sealed: Vec<u8>) -> Option<Vec<u8>> {
        self.opened += 1;
        let tag = sealed.split_off(sealed.len().checked_sub(SEAL)?);
        (tag == self.tag(false, self.opened, &sealed)).then_some(sealed)
    }
}

impl World {
    /// Makes a key, and with the other end's a circuit.
    pub(super) fn open_circuit(&mut self, host: HostId, link: LinkId, peer: Option<PublicKey>) {
        let own = self.stranger().public;
        let mut circuit = Circuit { own, dialled: peer.is_none(), seal: None };
        if let Some(peer) = &peer {
            circuit.complete(peer);
        }
        self.hosts[host.0].circuits.insert(link.number(), circuit);
        self.circuit_news(host, link, LinkNews::Described(own.to_vec()));
        if peer.is_some() {
            self.circuit_news(host, link, LinkNews::Up);
        }
    }

    /// The other end's key came.
    pub(super) fn complete_circuit(&mut self, host: HostId, link: LinkId, key: &[u8]) {
        let circuit = self.hosts[host.0].circuits.get_mut(&link.number()).expect("looked up by the caller");
        let news = match key.try_into() {
            Ok(key) => {
                circuit.complete(key);
                LinkNews::Up
            }
            Err(_) => LinkNews::Down,
        };
        self.circuit_news(host, link, news);
    }

    /// Seals a frame; false if the link is no circuit.
    pub(super) fn seal(&mut self, host: HostId, link: LinkId, frame: &[u8]) -> bool {
        let Some(circuit) = self.hosts[host.0].circuits.get_mut(&link.number()) else { return false };
        let Some(seal) = &mut circuit.seal else {
            self.fail(host, &format!("Send names link {}, whose keys are not there", link.number()));
        };
        let sealed = seal.seal(frame.to_vec());
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
        let opened = circuit.seal.as_mut().and_then(|seal| seal.open(sealed.to_vec()));
        let news = opened.map_or(LinkNews::Down, LinkNews::Bytes);
        self.circuit_news(host, link, news);
    }

    /// WebCrypto takes its time, and one circuit's frames come out in the order they went in.
    fn circuit_news(&mut self, host: HostId, link: LinkId, news: LinkNews) {
        let life = self.hosts[host.0].life;
        self.at(MS / 4, Happening::Hand(host, life, Stimulus::Circuit(link, news)));
    }
}
