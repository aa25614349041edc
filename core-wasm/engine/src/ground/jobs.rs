//! Jobs at the shell. The ground knows whose each is; what it was for its machine remembers.

use alloc::vec::Vec;

use super::Ground;
use super::owner::{Job, Owner};
use crate::id::{NodeId, PublicKey, Signature};
use crate::io::kinds::{input, output};
use crate::io::{JobId, OpId};
use crate::limits::{HASHES_MAX, JOBS_MAX};
use crate::status::Status;

impl Ground {
    /// Gives the shell a job; see [`kinds`](crate::io::kinds::output) for what the numbers and bytes are. At the bound it is
    /// not begun, and nothing comes back, here and from all that call it; whoever wanted it times out or asks again.
    #[inline(never)]
    pub(crate) fn start_job(
        &mut self,
        owner: Owner,
        kind: u32,
        value: u32,
        id: &[u8],
        bytes: Vec<u8>,
    ) -> Option<JobId> {
        if self.jobs.len() >= JOBS_MAX {
            return None;
        }
        self.last_job = self.last_job.wrapping_add(1);
        let job = JobId(self.last_job);
        self.jobs.push(Job { job, owner, is_store: kind == output::STORE });
        self.put(kind, self.last_job, value, id, bytes);
        Some(job)
    }

    /// [`Work::Sign`](crate::Work::Sign).
    pub(crate) fn sign(&mut self, owner: Owner, bytes: Vec<u8>) -> Option<JobId> {
        self.start_job(owner, output::SIGN, 0, &[], bytes)
    }

    /// [`Work::Verify`](crate::Work::Verify).
    pub(crate) fn verify(
        &mut self,
        owner: Owner,
        key: &PublicKey,
        signature: &Signature,
        bytes: Vec<u8>,
    ) -> Option<JobId> {
        self.start_job(owner, output::VERIFY, 0, [*key, *signature].as_flattened(), bytes)
    }

    /// [`Work::Load`](crate::Work::Load), or [`Work::Message`](crate::Work::Message) where one is named.
    #[inline(never)]
    pub(crate) fn load(&mut self, owner: Owner, hash: &NodeId, message: Option<OpId>) -> Option<JobId> {
        match message {
            Some(op) => self.start_job(owner, output::WANTED, op.0, &[], Vec::new()),
            None => self.start_job(owner, output::LOAD, 0, &hash.0, Vec::new()),
        }
    }

    /// [`Work::Store`](crate::Work::Store).
    #[inline(never)]
    pub(crate) fn store(&mut self, owner: Owner, hash: &NodeId, bytes: &[u8], held: bool) -> Option<JobId> {
        self.start_job(owner, output::STORE, held.into(), &hash.0, bytes.to_vec())
    }

    /// [`Work::Absent`](crate::Work::Absent).
    pub(crate) fn find_absent(&mut self, owner: Owner, hashes: &[NodeId]) -> Option<JobId> {
        self.start_job(owner, output::ABSENT, 0, NodeId::list_bytes(hashes), Vec::new())
    }

    /// [`Work::Scan`](crate::Work::Scan).
    pub(crate) fn scan(&mut self, owner: Owner, after: &NodeId) -> Option<JobId> {
        self.start_job(owner, output::SCAN, HASHES_MAX as u32, &after.0, Vec::new())
    }

    /// Blocks on their way into the store.
    pub(crate) fn stores_under_way(&self) -> usize {
        self.jobs.iter().filter(|job| job.is_store).count()
    }

    /// Whose job this is that ended; nobody's if it was forgotten.
    pub(crate) fn end_job(&mut self, job: JobId) -> Option<Owner> {
        let place = self.jobs.iter().position(|known| known.job == job)?;
        Some(self.jobs.swap_remove(place).owner)
    }
}

/// How storing went, as the status that the other end is told; `kind` as in [`kinds`](crate::io::kinds::input).
pub(crate) fn stored(kind: u32) -> Status {
    match kind {
        input::STORED => Status::Ok,
        input::MISMATCH => Status::BadRequest,
        input::FULL => Status::InsufficientStorage,
        _ => Status::Unavailable,
    }
}
