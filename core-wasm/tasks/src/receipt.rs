//! The proof of one outcome, which anybody can check without the network.

use alloc::vec::Vec;

use tabmesh_port::{Attachment, NodeId, Port, PublicKey, Reader, Signature, Writer};

use crate::limits::BATCH_MAX;
use crate::list::Gather;
use crate::outcome::{Outcome, TaskId, climb, leaf, path};
use crate::wire::{Batch, Nonce, signed};

/// The longest way to a root: 2⁸ leaves.
const PATH_MAX: usize = BATCH_MAX.ilog2() as usize;

/// One outcome with its place in a batch that its executor signed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Receipt {
    /// The network, as [`Attachment::network`] names it.
    pub network: [u8; 8],
    /// For whom the task was run.
    pub requester: NodeId,
    /// In which assignment.
    pub nonce: Nonce,
    /// Who ran it.
    pub key: PublicKey,
    /// The executor's, over the batch.
    pub signature: Signature,
    /// Tasks of the batch, and which of them this is.
    pub count: u16,
    /// See `count`.
    pub index: u16,
    /// The task.
    pub task: TaskId,
    /// What came of it.
    pub outcome: Outcome,
    /// Its partners on the way to the root.
    pub path: Vec<[u8; 32]>,
}

/// What has to be verified for a receipt to hold: that the signature is the key's, over these bytes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Claim {
    /// The executor's.
    pub key: PublicKey,
    /// The signature.
    pub signature: Signature,
    /// What it covers, all of it.
    pub bytes: Vec<u8>,
}

impl Receipt {
    /// That of the task at `index` of a batch of `tasks`; `None` where there is none.
    pub fn of(
        network: [u8; 8],
        requester: NodeId,
        nonce: Nonce,
        tasks: &[TaskId],
        batch: &Batch<'_>,
        index: usize,
    ) -> Option<Self> {
        let (outcome, _) = batch.outcomes().nth(index)?;
        let leaves = tasks.iter().zip(batch.outcomes()).map(|(task, (outcome, _))| leaf(task, &outcome));
        let (count, path) = (tasks.len() as u16, path(leaves.gather(), index));
        let (task, index) = (*tasks.get(index)?, index as u16);
        let (key, signature) = (*batch.key, *batch.signature);
        Some(Self { network, requester, nonce, key, signature, count, index, task, outcome, path })
    }

    /// Who ran the task.
    pub fn executor(&self) -> NodeId {
        NodeId::of_key(&self.key)
    }

    /// What is left to be verified; `None` where the path leads nowhere.
    pub fn check(&self) -> Option<Claim> {
        let leaf = leaf(&self.task, &self.outcome);
        let root = climb(leaf, self.index.into(), self.count.into(), &self.path)?;
        let bytes = signed(&self.requester, &self.nonce, self.count.into(), &root);
        let bytes = Attachment::covered(&self.network, Port::TASKS, &bytes);
        Some(Claim { key: self.key, signature: self.signature, bytes })
    }

    /// Reads its bytes; `None` if they are none.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let mut reader = Reader::new(bytes);
        let (network, requester, nonce) = (*reader.array(), *reader.id(), *reader.array());
        let (key, signature) = (*reader.key(), *reader.signature());
        let (count, index, task) = (reader.u16(), reader.u16(), *reader.hash());
        let outcome = Outcome::read(&mut reader);
        reader.intact()?;
        let (path, left) = reader.rest().as_chunks();
        let is_whole = left.is_empty() && path.len() <= PATH_MAX;
        let path = is_whole.then(|| path.to_vec())?;
        Some(Self { network, requester, nonce, key, signature, count, index, task, outcome, path })
    }

    /// Its bytes: network 8, requester 32, nonce 16, key 64, signature 64, count 2, index 2, task 32, outcome 45 or 77, path 32 each.
    pub fn emit(&self) -> Vec<u8> {
        let mut writer = Writer::default();
        writer.bytes(&self.network).bytes(&self.requester.0).bytes(&self.nonce).bytes(&self.key.0);
        writer.bytes(&self.signature.0).u16(self.count).u16(self.index).bytes(&self.task.0);
        self.outcome.emit(&mut writer);
        writer.bytes(self.path.as_flattened());
        writer.finish()
    }
}
