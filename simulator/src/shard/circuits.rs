//! A shell's half of relayed links: a fresh key each, and frames that are sealed and opened in their order.
//!
//! The stand-in seals nothing: it adds a tag over keys, direction and count, so that a frame that is lost, repeated,
//! changed or another circuit's does not open, as with AES-GCM. Sealing takes a quarter of a millisecond, as WebCrypto
//! does, and one circuit's frames come out in the order in which they went in.

use tabmesh_engine::limits::{FRAME_MAX, SEAL};
use tabmesh_engine::{Input, LinkId, PublicKey};

use super::Shard;
use super::circuit::Circuit;
use crate::crypto::Crypto;
use crate::event::{CircuitNews, NodeNumber, What};
use crate::ground::Ground;

/// How long sealing, opening or making a key takes.
const SEALING_US: u64 = 250;

impl<C: Crypto> Shard<C> {
    pub(super) fn has_circuit(&self, node: NodeNumber, link: LinkId) -> bool {
        self.circuits[self.at(node)].iter().any(|circuit| circuit.link == link)
    }

    fn circuit(&mut self, node: NodeNumber, link: LinkId) -> Option<&mut Circuit> {
        let at = self.at(node);
        self.circuits[at].iter_mut().find(|circuit| circuit.link == link)
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
        let shell = &mut self.shells[at];
        let (one, other) = (shell.dice.bytes(), shell.dice.bytes());
        let own = std::array::from_fn(|byte| if byte < 32 { one[byte] } else { other[byte - 32] });
        let number = shell.dice.draw() as u32;
        let (dialled, sealed, opened) = (peer.is_none(), 0, 0);
        self.circuits[at].push(Circuit { link, number, own, peer, dialled, sealed, opened });
        self.counts.circuits += 1;
        self.circuit_news(ground, node, link, CircuitNews::Described(own.to_vec()));
        if !dialled {
            self.circuit_news(ground, node, link, CircuitNews::Up);
        }
    }

    /// The other end's key came.
    pub(super) fn complete_circuit(&mut self, ground: &Ground, node: NodeNumber, link: LinkId, key: &[u8]) {
        let Some(circuit) = self.circuit(node, link) else { return };
        circuit.peer = key.try_into().ok();
        let news = if circuit.peer.is_some() { CircuitNews::Up } else { CircuitNews::Down };
        self.circuit_news(ground, node, link, news);
    }

    /// Seals a frame; it comes back to the engine, which hands it to the relay.
    pub(super) fn seal(&mut self, ground: &Ground, node: NodeNumber, link: LinkId, mut frame: Vec<u8>) {
        if frame.len() > FRAME_MAX + 2 {
            return self.broke(node, "a frame of an impossible length", link);
        }
        let Some(circuit) = self.circuit(node, link) else { return };
        circuit.sealed += 1;
        let tag = circuit.tag(true, circuit.sealed, &frame);
        frame.extend(tag);
        self.circuit_news(ground, node, link, CircuitNews::Sealed(frame));
    }

    /// Opens a sealed frame, or ends the link.
    pub(super) fn unseal(&mut self, ground: &Ground, node: NodeNumber, link: LinkId, mut sealed: Vec<u8>) {
        let Some(circuit) = self.circuit(node, link) else {
            return self.broke(node, "Unseal names a link that is no circuit", link);
        };
        circuit.opened += 1;
        let length = sealed.len().saturating_sub(SEAL);
        let opens = circuit.peer.is_some()
            && sealed[length..] == circuit.tag(false, circuit.opened, &sealed[..length]);
        sealed.truncate(length);
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
