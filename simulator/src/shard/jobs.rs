//! The asynchronous work of a shell: WebCrypto and IndexedDB, or their native likes.

use tabmesh_engine::{BlockHash, Input, JobId, JobResult, Work, sha256};

use super::Shard;
use crate::crypto::{Crypto, Owner};
use crate::event::NodeNumber;
use crate::ground::Ground;
use crate::library::Stored;

impl<C: Crypto> Shard<C> {
    /// Whose key the node signs with.
    pub(super) fn owner(&self, ground: &Ground, node: NodeNumber) -> Owner {
        let shell = &self.shells[self.at(node)];
        Owner { seed: ground.seed, node, life: shell.life, tries: shell.tries }
    }

    /// Ends a job: what it does to the store is done from here on, and not before.
    pub(super) fn finish_job(
        &mut self,
        ground: &Ground,
        node: NodeNumber,
        life: u32,
        job: JobId,
        work: &Work,
    ) {
        let at = self.at(node);
        if self.shells[at].life != life {
            return;
        }
        match work {
            Work::Sign(bytes) => {
                let signature = C::sign(self.owner(ground, node), bytes);
                self.end_job(ground, node, job, JobResult::Signature(&signature));
            }
            Work::Verify { key, signature, bytes } => {
                let holds = C::verify(key, signature, bytes);
                self.end_job(ground, node, job, JobResult::Verified(holds));
            }
            Work::Load(hash) => {
                let number = ground.library.number(hash).filter(|number| self.stores[at].has(*number));
                let result = match number {
                    Some(number) => JobResult::Loaded(ground.library.bytes(number)),
                    None => JobResult::Missing,
                };
                self.end_job(ground, node, job, result);
            }
            Work::Store { hash, bytes, held } => {
                // What hashes to a name of the library is the library's block: comparing is cheaper than hashing. Only
                // liars put other blocks.
                let known = ground.library.number(hash);
                if let Some(number) = known.filter(|_| bytes.is_empty() && !held) {
                    self.stores[at].release(number);
                    return self.end_job(ground, node, job, JobResult::Stored);
                }
                let number = known.filter(|number| ground.library.bytes(*number) == bytes);
                let result = match number {
                    _ if self.stores[at].is_failing() => JobResult::Failed,
                    Some(number) if self.stores[at].keep(Stored::new(number, *held)) => JobResult::Stored,
                    Some(_) => JobResult::Full,
                    None if !ground.has_junk || BlockHash(sha256(bytes)) != *hash => JobResult::Mismatch,
                    None if self.stores[at].keep_junk() => JobResult::Stored,
                    None => JobResult::Full,
                };
                self.end_job(ground, node, job, result);
            }
            Work::Absent(hashes) => {
                let is_absent = |hash: &&BlockHash| {
                    ground.library.number(hash).is_none_or(|number| !self.stores[at].has(number))
                };
                let absent: Vec<BlockHash> = hashes.iter().filter(is_absent).copied().collect();
                for number in hashes.iter().filter_map(|hash| ground.library.number(hash)) {
                    self.stores[at].hold(number);
                }
                self.end_job(ground, node, job, JobResult::Hashes(&absent));
            }
            Work::Scan { after, count } => {
                let first = after.map_or(0, |after| ground.library.first_after(&after));
                let found = self.stores[at].held_from(first).take(usize::from(*count));
                let found: Vec<BlockHash> = found.map(|number| *ground.library.hash(number)).collect();
                self.end_job(ground, node, job, JobResult::Hashes(&found));
            }
            Work::SignMessage(raw) => {
                let signed = self.sign_message(ground, node, raw);
                self.end_job(ground, node, job, JobResult::Loaded(&signed));
            }
            Work::CheckMessage(raw) => {
                let result = if Self::holds(raw) { JobResult::Loaded(raw) } else { JobResult::Missing };
                self.end_job(ground, node, job, result);
            }
            Work::Recall(id) => {
                let whole = self.kept[at].find(id).cloned();
                let result = whole.as_deref().map_or(JobResult::Missing, JobResult::Loaded);
                self.end_job(ground, node, job, result);
            }
            Work::Message(op) => {
                let bytes = self.modules[at].as_ref().and_then(|modules| modules.questions.get(op)).cloned();
                let result = bytes.as_deref().map_or(JobResult::Missing, JobResult::Loaded);
                self.end_job(ground, node, job, result);
            }
        }
    }

    fn end_job(&mut self, ground: &Ground, node: NodeNumber, job: JobId, result: JobResult<'_>) {
        self.feed(ground, node, Input::JobDone { job, result });
    }
}
