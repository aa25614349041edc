//! Jobs at the shell, and what each is for.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::owner::{Job, Parcel, What};
use super::shared::Ground;
use crate::id::{BlockHash, PublicKey, Signature};
use crate::io::kinds::{input, output};
use crate::io::{JobId, LinkId, OpId};
use crate::limits::{HASHES_MAX, JOBS_MAX};
use crate::list::copied;
use crate::status::Status;

impl Ground {
    /// Gives the shell a job; see [`kinds`](crate::io::kinds::output) for what the numbers and bytes are. At the bound it is
    /// not begun, and the answer is false, here and from all that call it; whoever wanted it times out or asks again.
    #[inline(never)]
    pub(crate) fn start_job(
        &mut self,
        what: What,
        number: u32,
        kind: u32,
        value: u32,
        id: &[u8],
        bytes: Vec<u8>,
    ) -> bool {
        let has_room = self.jobs.len() < JOBS_MAX;
        if has_room {
            self.last_job = self.last_job.wrapping_add(1);
            self.jobs.push(Job { id: self.last_job, what, number, reads_for: None, parcel: None });
            self.put(kind, self.last_job, value, id, bytes);
        }
        has_room
    }

    /// Gives the job that was begun last its parcel.
    #[inline(never)]
    pub(crate) fn attach(&mut self, parcel: Parcel) {
        if let Some(job) = self.jobs.last_mut() {
            job.parcel = Some(Box::new(parcel));
        }
    }

    /// Gives the job that was begun last another number.
    pub(crate) fn renumber(&mut self, number: u32) {
        if let Some(job) = self.jobs.last_mut() {
            job.number = number;
        }
    }

    /// [`Work::Sign`](crate::Work::Sign).
    pub(crate) fn sign(&mut self, what: What, link: Option<LinkId>, bytes: Vec<u8>) -> bool {
        self.start_job(what, number(link), output::SIGN, 0, &[], bytes)
    }

    /// [`Work::Verify`](crate::Work::Verify).
    pub(crate) fn verify(
        &mut self,
        what: What,
        link: Option<LinkId>,
        key: &PublicKey,
        signature: &Signature,
        bytes: Vec<u8>,
    ) -> bool {
        self.start_job(what, number(link), output::VERIFY, 0, [key.0, signature.0].as_flattened(), bytes)
    }

    /// [`Work::Load`](crate::Work::Load), or [`Work::Message`](crate::Work::Message) where one is named; for `link`, which is taken to
    /// have less room from here on.
    #[inline(never)]
    pub(crate) fn load(
        &mut self,
        what: What,
        number: u32,
        hash: &BlockHash,
        message: Option<OpId>,
        link: Option<LinkId>,
    ) -> bool {
        let (kind, op, id) = match message {
            Some(op) => (output::WANTED, op.0, &[][..]),
            None => (output::LOAD, 0, &hash.0[..]),
        };
        let is_begun = self.start_job(what, number, kind, op, id, Vec::new());
        if let Some(job) = self.jobs.last_mut().filter(|_| is_begun) {
            job.reads_for = link;
        }
        is_begun
    }

    /// [`Work::Store`](crate::Work::Store).
    #[inline(never)]
    pub(crate) fn store(
        &mut self,
        what: What,
        number: u32,
        hash: &BlockHash,
        bytes: &[u8],
        held: bool,
    ) -> bool {
        self.start_job(what, number, output::STORE, held.into(), &hash.0, copied(bytes))
    }

    /// [`Work::Absent`](crate::Work::Absent).
    pub(crate) fn find_absent(&mut self, link: LinkId, hashes: &[u8]) {
        self.start_job(What::Absent, number(Some(link)), output::ABSENT, 0, hashes, Vec::new());
    }

    /// [`Work::Scan`](crate::Work::Scan).
    pub(crate) fn scan(&mut self, after: &BlockHash) -> bool {
        self.start_job(What::Scan, 0, output::SCAN, HASHES_MAX as u32, &after.0, Vec::new())
    }

    /// How many jobs `is` is true of.
    #[inline(never)]
    pub(crate) fn count_jobs(&self, is: &dyn Fn(&Job) -> bool) -> usize {
        self.jobs.iter().filter(|job| is(job)).count()
    }

    /// Blocks on their way into the store.
    pub(crate) fn stores_under_way(&self) -> usize {
        self.count_jobs(&|job| job.what.is_store())
    }

    /// The job that ended; nothing if it was forgotten.
    pub(crate) fn end_job(&mut self, job: JobId) -> Option<Job> {
        let place = self.jobs.iter().position(|known| known.id == job.0)?;
        Some(self.jobs.swap_remove(place))
    }
}

/// The number of a job for a link.
pub(crate) fn number(link: Option<LinkId>) -> u32 {
    link.map_or(0, |link| link.word())
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
