//! What the shell of the node under test does for it: signatures, blocks, messages of topics.

use std::collections::BTreeMap;

use tabmesh_engine::wire::topic;
use tabmesh_engine::{BlockHash, JobResult, Signature, Work, sha256};
use tabmesh_world::crypto::{Crypto, StandIn};

use super::super::frames::NET;
use super::people::{SELF, person};

/// How a job ended.
pub(super) enum Ended {
    Signature(Signature),
    Verified(bool),
    Loaded(Vec<u8>),
    Hashes(Vec<BlockHash>),
    Missing,
    Stored,
    Mismatch,
    Full,
    Failed,
}

impl Ended {
    pub(super) fn result(&self) -> JobResult<'_> {
        match self {
            Self::Signature(signature) => JobResult::Signature(signature),
            Self::Verified(holds) => JobResult::Verified(*holds),
            Self::Loaded(bytes) => JobResult::Loaded(bytes),
            Self::Hashes(hashes) => JobResult::Hashes(hashes),
            Self::Missing => JobResult::Missing,
            Self::Stored => JobResult::Stored,
            Self::Mismatch => JobResult::Mismatch,
            Self::Full => JobResult::Full,
            Self::Failed => JobResult::Failed,
        }
    }
}

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
    pub(super) fn work(&mut self, work: &Work) -> Ended {
        let found =
            |bytes: Option<&Vec<u8>>| bytes.map_or(Ended::Missing, |bytes| Ended::Loaded(bytes.clone()));
        match work {
            Work::Sign(bytes) => Ended::Signature(person(SELF).sign(bytes)),
            Work::Verify { key, signature, bytes } => Ended::Verified(StandIn::verify(key, signature, bytes)),
            Work::SignMessage(raw) => {
                let signature = person(SELF).sign(&topic::signed_bytes(&NET, raw));
                Ended::Loaded(topic::signed(raw.clone(), &signature))
            }
            Work::CheckMessage(raw) => {
                let bytes = topic::signed_bytes(&NET, raw);
                let (key, signature) = topic::proof(raw).expect("a whole message is to be checked");
                let holds = StandIn::verify(key, signature, &bytes);
                if holds { Ended::Loaded(raw.clone()) } else { Ended::Missing }
            }
            Work::Recall(id) => found(self.memory.get(id)),
            Work::Load(hash) => found(self.blocks.get(hash)),
            Work::Message(op) => Ended::Loaded(vec![7; (op.0 % 40_000) as usize]),
            Work::Store { hash, bytes, .. } if sha256(bytes) == hash.0 => {
                self.blocks.insert(*hash, bytes.clone());
                Ended::Stored
            }
            Work::Store { .. } => Ended::Mismatch,
            Work::Absent(hashes) => {
                let is_absent = |hash: &&BlockHash| !self.blocks.contains_key(hash);
                Ended::Hashes(hashes.iter().filter(is_absent).copied().collect())
            }
            Work::Scan { after, count } => {
                let behind = |hash: &&BlockHash| after.is_none_or(|after| after < **hash);
                Ended::Hashes(self.blocks.keys().filter(behind).take((*count).into()).copied().collect())
            }
        }
    }
}
