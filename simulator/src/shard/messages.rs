//! The messages of the topic: what shells keep of them for whoever missed one, and what their applications hear.

use std::sync::Arc;

use tabmesh_engine::NodeId;
use tabmesh_engine::limits::KEPT_MAX;
use tabmesh_engine::wire::topic;
use tabmesh_world::message;

use super::Shard;
use crate::crypto::Crypto;
use crate::event::{News, NodeNumber};
use crate::ground::{Ground, NETWORK};
use crate::payload;

/// Messages looked through for one that other shells of this shard keep already, so that its bytes are there once.
const SHARED_MAX: usize = 2 * KEPT_MAX;

impl<C: Crypto> Shard<C> {
    /// The message with the node's signature.
    pub(super) fn sign_message(&self, ground: &Ground, node: NodeNumber, raw: &[u8]) -> Vec<u8> {
        message::signed(&NETWORK, raw, |bytes| C::sign(self.owner(ground, node), bytes))
    }

    /// Whether the key in the message signed it.
    pub(super) fn holds(raw: &[u8]) -> bool {
        message::holds(&NETWORK, raw, C::verify)
    }

    /// The engine told its application a message: the shell keeps it.
    pub(super) fn hear_message(
        &mut self,
        ground: &Ground,
        node: NodeNumber,
        from: NodeId,
        id: [u8; 12],
        raw: &[u8],
    ) {
        let whole = match self.shared.find(&id).filter(|known| known[..] == *raw) {
            Some(known) => Arc::clone(known),
            None => {
                let whole = Arc::from(raw);
                self.shared.keep(id, Arc::clone(&whole), SHARED_MAX);
                whole
            }
        };
        let at = self.at(node);
        self.kept[at].keep(id, whole, KEPT_MAX);
        let payload = raw.get(topic::HEAD..).filter(|_| raw.starts_with(&ground.topic.0));
        let number = payload.and_then(|bytes| payload::number(ground.seed, bytes, ground.topic_bytes));
        self.note(node, News::Heard { number, from, place: id });
    }
}
