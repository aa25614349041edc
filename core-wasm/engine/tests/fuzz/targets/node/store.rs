//! What the shell of the node under test does for it: signatures, blocks, messages of topics.

use std::collections::BTreeMap;

use tabmesh_engine::wire::topic;
use tabmesh_engine::{BlockHash, Work, sha256};
use tabmesh_world::crypto::{Crypto, StandIn};
use tabmesh_world::message;

use super::super::frames::NET;
use super::super::outcome::Outcome;
use super::people::{SELF, person};

/// Blocks and messages.
#[derive(Default)]
pub(super) struct Store {
    blocks: BTreeMap<BlockHash, Vec<u8>>,
    memory: BTreeMap<[u8; 12], Vec<u8>>,
}

impl Store {
    pub(super) fn add(&mut self, block: Vec<u8>) {
        self.blocks.insert(BlockHash(sha256(&block)), block);
    }

    pub(super) fn keep(&mut self, id: [u8; 12], message: Vec<u8>) {
        self.memory.insert(id, message);
    }

    /// Does the work as an honest shell does.
    pub(super) fn work(&mut self, work: &Work) -> Outcome {
        let found =
            |bytes: Option<&Vec<u8>>| bytes.map_or(Outcome::Missing, |bytes| Outcome::Loaded(bytes.clone()));
        match work {
            Work::Sign(bytes) => Outcome::Signature(person(SELF).sign(bytes)),
            Work::Verify { key, signature, bytes } => {
                Outcome::Verified(StandIn::verify(key, signature, bytes))
            }
            Work::SignMessage(raw) => {
                Outcome::Loaded(message::signed(&NET, raw, |bytes| person(SELF).sign(bytes)))
            }
            Work::CheckMessage(raw) => {
                assert!(topic::proof(raw).is_some(), "a whole message is to be checked");
                let holds = message::holds(&NET, raw, StandIn::verify);
                if holds { Outcome::Loaded(raw.clone()) } else { Outcome::Missing }
            }
            Work::Recall(id) => found(self.memory.get(id)),
            Work::Load(hash) => found(self.blocks.get(hash)),
            Work::Message(op) => Outcome::Loaded(vec![7; (op.0 % 40_000) as usize]),
            Work::Store { hash, bytes, .. } if sha256(bytes) == hash.0 => {
                self.blocks.insert(*hash, bytes.clone());
                Outcome::Stored
            }
            Work::Store { .. } => Outcome::Mismatch,
            Work::Absent(hashes) => {
                let is_absent = |hash: &&BlockHash| !self.blocks.contains_key(hash);
                Outcome::Hashes(hashes.iter().filter(is_absent).copied().collect())
            }
            Work::Scan { after, count } => {
                let behind = |hash: &&BlockHash| after.is_none_or(|after| after < **hash);
                Outcome::Hashes(self.blocks.keys().filter(behind).take((*count).into()).copied().collect())
            }
        }
    }
}
