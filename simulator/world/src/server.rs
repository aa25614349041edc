//! The signalling server: introduces whoever is present and relays envelopes, as the real one does. It stands in a data
//! centre and never queues; its limits of rate and number, which are configuration, are left out.

use std::collections::HashMap;

use tabmesh_engine::wire::signal::{
    FLAG_RELAY, FromServer, INTRODUCED_MAX, MESSAGE_MAX, Refusal, ToServer, proof_bytes,
};
use tabmesh_engine::{NodeId, PublicKey, Signature};

use crate::dice::Dice;

/// The name under which nodes dial the server.
pub const SERVER_NAME: &[u8] = b"signalling.test";

/// What passes between a node's shell and the server; `session` is the shell's number of the connection.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Signal {
    /// To the server: the WebSocket opens.
    Connect {
        /// Of this number.
        session: u32,
    },
    /// To the server: it closed.
    Gone {
        /// The one of this number.
        session: u32,
    },
    /// Either way: one message.
    Message {
        /// Over which connection.
        session: u32,
        /// In the words of `wire::signal`.
        bytes: Vec<u8>,
    },
    /// To the node: it is open.
    Up {
        /// The one of this number.
        session: u32,
    },
    /// To the node: it is closed.
    Down {
        /// The one of this number.
        session: u32,
    },
}

/// What the server has to say to a node.
#[derive(PartialEq, Eq, Debug)]
pub struct Letter {
    /// By its number.
    pub to: u32,
    /// When it is there.
    pub arrives: u64,
    /// What it says.
    pub signal: Signal,
}

/// The world around the server at the moment in which it hears something.
pub struct Around<'a> {
    /// The time.
    pub now: u64,
    /// Whether a signature is the key's, over these bytes.
    pub verify: fn(&PublicKey, &Signature, &[u8]) -> bool,
    /// How long so many bytes take to a node, in microseconds; `None` across a cut.
    pub way: &'a dyn Fn(u32, u32, &mut Dice) -> Option<u64>,
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
    node: u32,
    network: [u8; 8],
    flags: u8,
    id: NodeId,
}

/// See the module's documentation.
pub struct Server {
    /// Whether it runs.
    pub is_up: bool,
    /// Envelopes carried.
    pub relayed: u64,
    /// The security level that it demands.
    pub level: u8,
    /// Whether it looks for a relay to name among those present.
    names_relays: bool,
    dice: Dice,
    // Looked up and never walked, so that hash order decides nothing.
    clients: HashMap<u32, Client>,
    places: HashMap<NodeId, usize>,
    present: Vec<Present>,
}

fn head(id: &NodeId) -> u64 {
    u64::from_be_bytes(id.0.first_chunk().copied().unwrap_or_default())
}

impl Server {
    /// A server that runs and knows nobody.
    pub fn new(dice: Dice, names_relays: bool) -> Self {
        Self {
            is_up: true,
            relayed: 0,
            level: 0,
            names_relays,
            dice,
            clients: HashMap::new(),
            places: HashMap::new(),
            present: Vec::new(),
        }
    }

    /// How many nodes are present.
    pub fn present(&self) -> usize {
        self.present.len()
    }

    /// The server stops: every connection breaks, and none is taken.
    pub fn stop(&mut self, around: &Around<'_>) -> Vec<Letter> {
        self.is_up = false;
        let mut nodes: Vec<u32> = self.clients.keys().copied().collect();
        nodes.sort_unstable();
        let mut letters = Vec::new();
        for node in nodes {
            let session = self.clients[&node].session;
            letters.extend(self.letter(around, node, Signal::Down { session }));
            self.forget(node);
        }
        letters
    }

    /// Takes in what a node says; what the server answers to whom.
    pub fn hear(&mut self, around: &Around<'_>, from: u32, signal: Signal) -> Vec<Letter> {
        match signal {
            Signal::Connect { session } => self.connect(around, from, session),
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
                self.message(around, from, &bytes)
            }
            Signal::Up { .. } | Signal::Down { .. } => Vec::new(),
        }
    }

    fn connect(&mut self, around: &Around<'_>, node: u32, session: u32) -> Vec<Letter> {
        self.forget(node);
        let nonce = self.dice.bytes();
        self.clients.insert(node, Client { session, nonce, id: None, arrives: 0 });
        if !self.is_up {
            let letter = self.letter(around, node, Signal::Down { session });
            self.forget(node);
            return letter.into_iter().collect();
        }
        let up = self.letter(around, node, Signal::Up { session });
        let challenge = self.tell(around, node, &FromServer::Challenge { level: self.level, nonce: &nonce });
        up.into_iter().chain(challenge).collect()
    }

    fn message(&mut self, around: &Around<'_>, from: u32, bytes: &[u8]) -> Vec<Letter> {
        let Some(client) = self.clients.get(&from) else { return Vec::new() };
        if bytes.len() > MESSAGE_MAX {
            return self.dismiss(around, from, Refusal::TooLarge);
        }
        match (ToServer::parse(bytes), client.id) {
            (Some(ToServer::Prove { flags, network, key, signature }), None) => {
                let proof = proof_bytes(&client.nonce, network, flags, SERVER_NAME);
                if !(around.verify)(key, signature, &proof) {
                    return self.dismiss(around, from, Refusal::BadProof);
                }
                let id = NodeId::of_key(key);
                self.admit(around, Present { head: head(&id), node: from, network: *network, flags, id })
            }
            (Some(ToServer::Relay { to, envelope }), Some(id)) => {
                let network = self.client(&id).map(|own| own.network);
                let target = self.client(to).filter(|target| Some(target.network) == network);
                let letter = match target.map(|target| target.node) {
                    Some(target) => {
                        self.relayed += 1;
                        self.tell(around, target, &FromServer::Deliver { from: &id, envelope })
                    }
                    None => {
                        let refused = FromServer::Refused { refusal: Refusal::NotPresent, about: to };
                        self.tell(around, from, &refused)
                    }
                };
                letter.into_iter().collect()
            }
            (Some(ToServer::Introduce), Some(id)) => self.introduce(around, &id),
            _ => self.dismiss(around, from, Refusal::Malformed),
        }
    }

    /// Takes somebody in who proved a key. Whoever was here under it before is replaced.
    fn admit(&mut self, around: &Around<'_>, newcomer: Present) -> Vec<Letter> {
        if newcomer.id.level() < u32::from(self.level) {
            return self.dismiss(around, newcomer.node, Refusal::LowLevel);
        }
        let older = self.client(&newcomer.id).map(|older| older.node);
        let mut letters = older.map_or_else(Vec::new, |node| self.dismiss(around, node, Refusal::Replaced));
        if let Some(client) = self.clients.get_mut(&newcomer.node) {
            client.id = Some(newcomer.id);
        }
        self.places.insert(newcomer.id, self.present.len());
        self.present.push(newcomer);
        letters.extend(self.introduce(around, &newcomer.id));
        letters
    }

    fn client(&self, id: &NodeId) -> Option<&Present> {
        self.places.get(id).map(|place| &self.present[*place])
    }

    /// Names the node nearest by id, a relay, and others by chance, all of the same network.
    fn introduce(&mut self, around: &Around<'_>, id: &NodeId) -> Vec<Letter> {
        let Some(&Present { head, node, network, .. }) = self.client(id) else { return Vec::new() };
        let is_other = |other: &Present| other.node != node && other.network == network;
        let others = self.present.iter().enumerate().filter(|(_, other)| is_other(other));
        let mut chosen: Vec<usize> =
            others.min_by_key(|(_, other)| other.head ^ head).map(|(place, _)| place).into_iter().collect();
        let count = self.present.len();
        let start = self.dice.below(count as u64) as usize;
        let fits =
            |place: &usize, chosen: &[usize]| is_other(&self.present[*place]) && !chosen.contains(place);
        let relay = (0..count).map(|step| (start + step) % count).find(|place| {
            self.names_relays && self.present[*place].flags & FLAG_RELAY != 0 && fits(place, &chosen)
        });
        chosen.extend(relay);
        while chosen.len() < INTRODUCED_MAX {
            let start = self.dice.below(count as u64) as usize;
            let mut near = (0..count).map(|step| (start + step) % count);
            let Some(place) = near.find(|place| fits(place, &chosen)) else { break };
            chosen.push(place);
        }
        let peers =
            chosen.iter().map(|place| (self.present[*place].id, self.present[*place].flags)).collect();
        self.tell(around, node, &FromServer::Welcome { peers }).into_iter().collect()
    }

    fn dismiss(&mut self, around: &Around<'_>, node: u32, refusal: Refusal) -> Vec<Letter> {
        let refused = FromServer::Refused { refusal, about: &NodeId([0; 32]) };
        let last_word = self.tell(around, node, &refused);
        let session = self.clients.get(&node).map_or(0, |client| client.session);
        let down = self.letter(around, node, Signal::Down { session });
        self.forget(node);
        last_word.into_iter().chain(down).collect()
    }

    fn forget(&mut self, node: u32) {
        let Some(client) = self.clients.remove(&node) else { return };
        let Some(place) = client.id.and_then(|id| self.places.remove(&id)) else { return };
        self.present.swap_remove(place);
        if let Some(moved) = self.present.get(place) {
            self.places.insert(moved.id, place);
        }
    }

    fn tell(&mut self, around: &Around<'_>, to: u32, message: &FromServer<'_>) -> Option<Letter> {
        let session = self.clients.get(&to)?.session;
        self.letter(around, to, Signal::Message { session, bytes: message.emit() })
    }

    /// A letter that arrives after all that were written to the same node before; `None` across a cut.
    fn letter(&mut self, around: &Around<'_>, to: u32, signal: Signal) -> Option<Letter> {
        let client = self.clients.get_mut(&to)?;
        let length = if let Signal::Message { bytes, .. } = &signal { bytes.len() as u32 } else { 0 };
        let travel_us = (around.way)(to, length, &mut self.dice)?;
        client.arrives = (around.now + travel_us).max(client.arrives + 1);
        Some(Letter { to, arrives: client.arrives, signal })
    }
}

#[cfg(test)]
mod tests;
