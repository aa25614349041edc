//! The signalling server: introduces whoever is present and relays envelopes, as the real one does. It stands in a data
//! centre and never queues; its limits of rate and number, which are configuration, are left out.

use std::collections::HashMap;

use tabmesh_engine::NodeId;
use tabmesh_engine::wire::signal::{FLAG_RELAY, FromServer, INTRODUCED_MAX, Refusal, ToServer, proof_bytes};

use crate::crypto::Crypto;
use crate::dice::Dice;
use crate::event::{NodeNumber, Signal};
use crate::ground::Ground;

/// The name under which nodes dial the server.
pub(crate) const SERVER_NAME: &[u8] = b"signalling.test";

/// What the server has to say to a node.
pub(crate) struct Letter {
    pub(crate) to: NodeNumber,
    pub(crate) arrives: u64,
    pub(crate) signal: Signal,
}

struct Client {
    session: u32,
    nonce: [u8; 32],
    /// Who it is, once proved.
    id: Option<NodeId>,
    /// When the last message to it arrives.
    arrives: u64,
}

/// A proved client: the first bits of its id, by which the nearest is found, and who it is.
#[derive(Clone, Copy)]
struct Present {
    head: u64,
    node: NodeNumber,
    flags: u8,
    id: NodeId,
}

/// See the module's documentation.
pub(crate) struct Server {
    /// Whether it runs.
    pub(crate) is_up: bool,
    /// Envelopes carried.
    pub(crate) relayed: u64,
    dice: Dice,
    caused: u32,
    // Looked up and never walked, so that hash order decides nothing.
    clients: HashMap<NodeNumber, Client>,
    places: HashMap<NodeId, usize>,
    present: Vec<Present>,
}

fn head(id: &NodeId) -> u64 {
    u64::from_be_bytes(id.0.first_chunk().copied().unwrap_or_default())
}

impl Server {
    pub(crate) fn new(ground: &Ground) -> Self {
        Self {
            is_up: true,
            relayed: 0,
            dice: Dice::new(ground.seed, u64::from(ground.nodes)),
            caused: 0,
            clients: HashMap::new(),
            places: HashMap::new(),
            present: Vec::new(),
        }
    }

    /// How many things it has caused, this one included.
    pub(crate) fn caused(&mut self) -> u32 {
        self.caused = self.caused.wrapping_add(1);
        self.caused
    }

    /// How many nodes are present.
    pub(crate) fn present(&self) -> usize {
        self.present.len()
    }

    /// The server stops: every connection breaks, and none is taken.
    pub(crate) fn stop(&mut self, ground: &Ground, now: u64) -> Vec<Letter> {
        self.is_up = false;
        let mut nodes: Vec<NodeNumber> = self.clients.keys().copied().collect();
        nodes.sort_unstable();
        let mut letters = Vec::new();
        for node in nodes {
            let session = self.clients[&node].session;
            letters.extend(self.letter(ground, now, node, Signal::Down { session }));
            self.forget(node);
        }
        letters
    }

    /// Takes in what a node says; what the server answers to whom.
    pub(crate) fn hear<C: Crypto>(
        &mut self,
        ground: &Ground,
        now: u64,
        from: NodeNumber,
        signal: Signal,
    ) -> Vec<Letter> {
        match signal {
            Signal::Connect { session } => self.connect(ground, now, from, session),
            Signal::Gone { session } => {
                if self.clients.get(&from).is_some_and(|client| client.session == session) {
                    self.forget(from);
                }
                Vec::new()
            }
            Signal::Message { session, bytes } => {
                if self.clients.get(&from).is_none_or(|client| client.session != session) {
                    return Vec::new();
                }
                self.message::<C>(ground, now, from, &bytes)
            }
            Signal::Up { .. } | Signal::Down { .. } => Vec::new(),
        }
    }

    fn connect(&mut self, ground: &Ground, now: u64, node: NodeNumber, session: u32) -> Vec<Letter> {
        self.forget(node);
        let nonce = self.dice.bytes();
        self.clients.insert(node, Client { session, nonce, id: None, arrives: 0 });
        if !self.is_up {
            let letter = self.letter(ground, now, node, Signal::Down { session });
            self.forget(node);
            return letter.into_iter().collect();
        }
        let up = self.letter(ground, now, node, Signal::Up { session });
        let challenge = self.tell(ground, now, node, &FromServer::Challenge { level: 0, nonce: &nonce });
        up.into_iter().chain(challenge).collect()
    }

    fn message<C: Crypto>(
        &mut self,
        ground: &Ground,
        now: u64,
        from: NodeNumber,
        bytes: &[u8],
    ) -> Vec<Letter> {
        let Some(client) = self.clients.get(&from) else { return Vec::new() };
        match (ToServer::parse(bytes), client.id) {
            (Some(ToServer::Prove { flags, network, key, signature }), None) => {
                let proof = proof_bytes(&client.nonce, network, flags, SERVER_NAME);
                if !C::verify(key, signature, &proof) {
                    return self.dismiss(ground, now, from, Refusal::BadProof);
                }
                let id = NodeId::of_key(key);
                if let Some(client) = self.clients.get_mut(&from) {
                    client.id = Some(id);
                }
                self.places.insert(id, self.present.len());
                self.present.push(Present { head: head(&id), node: from, flags, id });
                self.introduce(ground, now, from, &id)
            }
            (Some(ToServer::Relay { to, envelope }), Some(id)) => {
                let target = self.places.get(to).map(|place| self.present[*place].node);
                let letter = match target {
                    Some(target) => {
                        self.relayed += 1;
                        self.tell(ground, now, target, &FromServer::Deliver { from: &id, envelope })
                    }
                    None => {
                        let refused = FromServer::Refused { refusal: Refusal::NotPresent, about: to };
                        self.tell(ground, now, from, &refused)
                    }
                };
                letter.into_iter().collect()
            }
            (Some(ToServer::Introduce), Some(id)) => self.introduce(ground, now, from, &id),
            _ => self.dismiss(ground, now, from, Refusal::Malformed),
        }
    }

    /// Names the node nearest by id, a relay, and others by chance.
    fn introduce(&mut self, ground: &Ground, now: u64, node: NodeNumber, id: &NodeId) -> Vec<Letter> {
        let own = head(id);
        let others = self.present.iter().enumerate().filter(|(_, other)| other.node != node);
        let mut chosen: Vec<usize> =
            others.min_by_key(|(_, other)| other.head ^ own).map(|(place, _)| place).into_iter().collect();
        let count = self.present.len();
        let start = self.dice.below(count as u64) as usize;
        let fits =
            |place: &usize, chosen: &[usize]| self.present[*place].node != node && !chosen.contains(place);
        let relay = (0..count).map(|step| (start + step) % count).find(|place| {
            ground.machines.native_share > 0.0
                && self.present[*place].flags & FLAG_RELAY != 0
                && fits(place, &chosen)
        });
        chosen.extend(relay);
        while chosen.len() < INTRODUCED_MAX {
            let start = self.dice.below(count as u64) as usize;
            let near = (0..count.min(INTRODUCED_MAX + 1)).map(|step| (start + step) % count);
            let Some(place) =
                near.into_iter().find(|place| self.present[*place].node != node && !chosen.contains(place))
            else {
                break;
            };
            chosen.push(place);
        }
        let peers =
            chosen.iter().map(|place| (self.present[*place].id, self.present[*place].flags)).collect();
        self.tell(ground, now, node, &FromServer::Welcome { peers }).into_iter().collect()
    }

    fn dismiss(&mut self, ground: &Ground, now: u64, node: NodeNumber, refusal: Refusal) -> Vec<Letter> {
        let refused = FromServer::Refused { refusal, about: &NodeId([0; 32]) };
        let last_word = self.tell(ground, now, node, &refused);
        let session = self.clients.get(&node).map_or(0, |client| client.session);
        let down = self.letter(ground, now, node, Signal::Down { session });
        self.forget(node);
        last_word.into_iter().chain(down).collect()
    }

    fn forget(&mut self, node: NodeNumber) {
        let Some(client) = self.clients.remove(&node) else { return };
        let Some(place) = client.id.and_then(|id| self.places.remove(&id)) else { return };
        self.present.swap_remove(place);
        if let Some(moved) = self.present.get(place) {
            self.places.insert(moved.id, place);
        }
    }

    fn tell(
        &mut self,
        ground: &Ground,
        now: u64,
        to: NodeNumber,
        message: &FromServer<'_>,
    ) -> Option<Letter> {
        let session = self.clients.get(&to)?.session;
        self.letter(ground, now, to, Signal::Message { session, bytes: message.emit() })
    }

    /// A letter that arrives after all that were written to the same node before; `None` across a cut.
    fn letter(&mut self, ground: &Ground, now: u64, to: NodeNumber, signal: Signal) -> Option<Letter> {
        let client = self.clients.get_mut(&to)?;
        if ground.is_cut(ground.nodes, to) {
            return None;
        }
        let length = if let Signal::Message { bytes, .. } = &signal { bytes.len() as u32 } else { 0 };
        let passage = ground.channel.pass(length, ground.one_way_us(ground.nodes, to), &mut self.dice);
        client.arrives = (now + passage.travel_us).max(client.arrives + 1);
        Some(Letter { to, arrives: client.arrives, signal })
    }
}
