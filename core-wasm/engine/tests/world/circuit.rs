//! The shell's half of relayed links: fresh keys, and frames that are sealed and opened in their order.

use tabmesh_engine::limits::FRAME_MAX;
use tabmesh_engine::{LinkId, PublicKey};
use tabmesh_world::seal::{OF_CIRCUIT, SEALING_US, Seal, fresh_key};

use super::agenda::Happening;
use super::ids::HostId;
use super::run::World;
use super::stimulus::{LinkNews, Stimulus};

impl World {
    /// Makes a key, and with the other end's a circuit.
    pub(super) fn open_circuit(&mut self, host: HostId, link: LinkId, peer: Option<PublicKey>) {
        let own = fresh_key(&mut self.dice);
        let mut circuit = Seal::new(own, peer.is_none());
        if let Some(peer) = &peer {
            circuit.complete(peer, OF_CIRCUIT);
        }
        self.hosts[host.0].circuits.insert(link.number(), circuit);
        self.circuit_news(host, link, LinkNews::Described(own.0.to_vec()));
        if peer.is_some() {
            self.circuit_news(host, link, LinkNews::Up);
        }
    }

    /// The other end's key came.
    pub(super) fn complete_circuit(&mut self, host: HostId, link: LinkId, key: &[u8]) {
        let circuit = self.hosts[host.0].circuits.get_mut(&link.number()).expect("looked up by the caller");
        let news = match key.try_into() {
            Ok(key) => {
                circuit.complete(PublicKey::of(key), OF_CIRCUIT);
                LinkNews::Up
            }
            Err(_) => LinkNews::Down,
        };
        self.circuit_news(host, link, news);
    }

    /// Seals a frame; false if the link is no circuit.
    pub(super) fn seal(&mut self, host: HostId, link: LinkId, frame: &[u8]) -> bool {
        let Some(circuit) = self.hosts[host.0].circuits.get_mut(&link.number()) else { return false };
        let mut sealed = frame.to_vec();
        circuit.seal(&mut sealed);
        if !circuit.is_complete() {
            self.fail(host, &format!("Send names link {}, whose keys are not there", link.number()));
        }
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
        let mut opened = sealed.to_vec();
        let opens = circuit.is_complete() && circuit.open(&mut opened);
        let news = if opens { LinkNews::Bytes(opened) } else { LinkNews::Down };
        self.circuit_news(host, link, news);
    }

    /// WebCrypto takes its time, and one circuit's frames come out in the order they went in.
    fn circuit_news(&mut self, host: HostId, link: LinkId, news: LinkNews) {
        let life = self.hosts[host.0].life;
        self.at(SEALING_US, Happening::Hand(host, life, Stimulus::Circuit(link, news)));
    }
}
