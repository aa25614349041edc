//! The shell's half of relayed links: fresh keys, and frames that are sealed and opened in their order.

use tabmesh_engine::limits::FRAME_MAX;
use tabmesh_engine::{LinkId, PublicKey};

use super::agenda::Happening;
use super::ids::HostId;
use super::run::World;
use super::seal::Circuit;
use super::stimulus::{LinkNews, Stimulus};
use super::time::MS;

impl World {
    /// Makes a key, and with the other end's a circuit.
    pub(super) fn open_circuit(&mut self, host: HostId, link: LinkId, peer: Option<PublicKey>) {
        let own = self.stranger().public;
        let mut circuit = Circuit { own, dialled: peer.is_none(), seal: None };
        if let Some(peer) = &peer {
            circuit.complete(peer);
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
                circuit.complete(PublicKey::of(key));
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
