//! A shell's half of relayed links and of WebSockets: a fresh key each, and what is sealed and opened in its order: one
//! circuit's frames come out in the order in which they went in.

use tabmesh_engine::limits::FRAME_MAX;
use tabmesh_engine::{Input, LinkId, PublicKey};

use tabmesh_world::seal::{OF_CIRCUIT, SEALING_US, Seal, fresh_key};

use super::Shard;
use super::ends::Circuit;
use crate::crypto::Crypto;
use crate::event::{CircuitNews, EndId, NodeNumber, What};
use crate::ground::Ground;

impl<C: Crypto> Shard<C> {
    pub(super) fn has_circuit(&self, node: NodeNumber, link: LinkId) -> bool {
        self.circuits[self.at(node)].iter().any(|circuit| circuit.link == link)
    }

    fn circuit(&mut self, node: NodeNumber, link: LinkId) -> Option<&mut Circuit> {
        let at = self.at(node);
        self.circuits[at].iter_mut().find(|circuit| circuit.link == link)
    }

    fn fresh_key(&mut self, node: NodeNumber) -> PublicKey {
        let at = self.at(node);
        fresh_key(&mut self.shells[at].dice)
    }

    /// Makes the fresh key of a WebSocket.
    pub(super) fn make_socket_key(&mut self, ground: &Ground, node: NodeNumber, id: EndId, dialled: bool) {
        let (at, own) = (self.at(node), self.fresh_key(node));
        if let Some(end) = self.ends[at].get(id) {
            end.seal = Some(Box::new(Seal::new(own, dialled)));
            self.cause(ground, node, node, self.now + SEALING_US, What::Keyed(id));
        }
    }

    /// The fresh key of a WebSocket is made.
    pub(super) fn keyed(&mut self, ground: &Ground, node: NodeNumber, id: EndId) {
        let at = self.at(node);
        let Some(end) = self.ends[at].get(id) else { return };
        let link = end.link;
        let Some(own) = end.seal.as_ref().map(|seal| seal.own()) else { return };
        self.feed(ground, node, Input::Described { link, description: &own.0 });
    }

    /// From here on the messages of a WebSocket are sealed, both ways.
    pub(super) fn seal_socket(
        &mut self,
        node: NodeNumber,
        link: LinkId,
        key: &PublicKey,
        transcript: &[u8; 32],
    ) {
        let at = self.at(node);
        match self.ends[at].of_link(link).and_then(|end| end.seal.as_mut()) {
            Some(seal) => seal.complete(key, transcript),
            None => self.broke(node, "Seal names a link that is no open socket", link),
        }
    }

    /// Makes a key, and with the other end's a circuit.
    pub(super) fn open_circuit(
        &mut self,
        ground: &Ground,
        node: NodeNumber,
        link: LinkId,
        peer: Option<PublicKey>,
    ) {
        let at = self.at(node);
        let own = self.fresh_key(node);
        let number = self.shells[at].dice.draw() as u32;
        let dialled = peer.is_none();
        let mut seal = Seal::new(own, dialled);
        if let Some(peer) = &peer {
            seal.complete(peer, OF_CIRCUIT);
        }
        self.circuits[at].push(Circuit { link, number, seal });
        self.counts.circuits += 1;
        self.circuit_news(ground, node, link, CircuitNews::Described(own.0.to_vec()));
        if !dialled {
            self.circuit_news(ground, node, link, CircuitNews::Up);
        }
    }

    /// The other end's key came.
    pub(super) fn complete_circuit(&mut self, ground: &Ground, node: NodeNumber, link: LinkId, key: &[u8]) {
        let Some(circuit) = self.circuit(node, link) else { return };
        let news = match key.try_into() {
            Ok(key) => {
                circuit.seal.complete(PublicKey::of(key), OF_CIRCUIT);
                CircuitNews::Up
            }
            Err(_) => CircuitNews::Down,
        };
        self.circuit_news(ground, node, link, news);
    }

    /// Seals a frame; it comes back to the engine, which hands it to the relay.
    pub(super) fn seal(&mut self, ground: &Ground, node: NodeNumber, link: LinkId, mut frame: Vec<u8>) {
        if frame.len() > FRAME_MAX + 2 {
            return self.broke(node, "a frame of an impossible length", link);
        }
        let Some(circuit) = self.circuit(node, link) else { return };
        circuit.seal.seal(&mut frame);
        self.circuit_news(ground, node, link, CircuitNews::Sealed(frame));
    }

    /// Opens a sealed frame, or ends the link.
    pub(super) fn unseal(&mut self, ground: &Ground, node: NodeNumber, link: LinkId, mut sealed: Vec<u8>) {
        let Some(circuit) = self.circuit(node, link) else {
            return self.broke(node, "Unseal names a link that is no circuit", link);
        };
        let opens = circuit.seal.is_complete() && circuit.seal.open(&mut sealed);
        let news = if opens { CircuitNews::Opened(sealed) } else { CircuitNews::Down };
        self.circuit_news(ground, node, link, news);
    }

    pub(super) fn close_circuit(&mut self, node: NodeNumber, link: LinkId) {
        let at = self.at(node);
        self.circuits[at].retain(|circuit| circuit.link != link);
    }

    fn circuit_news(&mut self, ground: &Ground, node: NodeNumber, link: LinkId, news: CircuitNews) {
        let Some(number) = self.circuit(node, link).map(|circuit| circuit.number) else { return };
        let what = What::Circuit(Box::new((link, number, news)));
        self.cause(ground, node, node, self.now + SEALING_US, what);
    }

    /// WebCrypto is done with something of a circuit; void if that is closed.
    pub(super) fn hear_circuit(
        &mut self,
        ground: &Ground,
        node: NodeNumber,
        (link, number, news): (LinkId, u32, CircuitNews),
    ) {
        if self.circuit(node, link).is_none_or(|circuit| circuit.number != number) {
            return;
        }
        match news {
            CircuitNews::Described(key) => {
                self.feed(ground, node, Input::Described { link, description: &key });
            }
            CircuitNews::Up => self.feed(ground, node, Input::LinkUp(link)),
            CircuitNews::Sealed(bytes) => self.feed(ground, node, Input::Sealed { link, bytes: &bytes }),
            CircuitNews::Opened(bytes) => self.feed(ground, node, Input::LinkBytes { link, bytes: &bytes }),
            CircuitNews::Down => {
                self.close_circuit(node, link);
                self.feed(ground, node, Input::LinkDown(link));
            }
        }
    }
}
