//! Jobs under way at the shell, and where their results go.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::Node;
use super::dial::Arrived;
use super::route::ReplyTo;
use super::topics::Parcel;
use crate::io::{JobId, JobResult, LinkId, Output, Work};
use crate::limits::JOBS_MAX;
use crate::status::Status;

/// What waits for a job.
pub(super) enum Pending {
    /// The proof for the signalling server.
    Prove,
    SignLink(LinkId),
    VerifyLink(LinkId),
    SignEnvelope(LinkId),
    VerifyEnvelope(Box<Arrived>),
    /// By the number of the serve, placement or request.
    LoadServe(u32),
    LoadPlacement(u32),
    LoadOwn(u32),
    StoreGot(u32),
    StorePlacement(u32),
    /// A replica that another node places here.
    StoreHeld(Box<ReplyTo>),
    Topic(Box<Parcel>),
    /// Which of a neighbour's keys are missing here.
    Absent(LinkId),
    /// For a neighbour's list, or for this node's own walk.
    Scan {
        for_listing: bool,
    },
}

impl Node {
    /// Gives the shell a job. At the bound it is dropped, and false comes back; whoever wanted it times out or asks
    /// again.
    #[inline(never)]
    pub(super) fn start_job(&mut self, pending: Pending, work: Work) -> bool {
        if self.jobs.len() >= JOBS_MAX {
            return false;
        }
        self.last_job = self.last_job.wrapping_add(1);
        let job = JobId(self.last_job);
        self.jobs.push((job, pending));
        self.emit(Output::Job { job, work });
        true
    }

    /// Blocks on their way into the store.
    pub(super) fn stores_under_way(&self) -> usize {
        let is_store = |pending: &Pending| {
            matches!(pending, Pending::StoreGot(_) | Pending::StorePlacement(_) | Pending::StoreHeld(_))
        };
        self.jobs.iter().filter(|(_, pending)| is_store(pending)).count()
    }

    pub(super) fn on_job_done(&mut self, job: JobId, result: JobResult<'_>) {
        let Some(place) = self.jobs.iter().position(|(id, _)| *id == job) else { return };
        let (_, pending) = self.jobs.swap_remove(place);
        match (pending, result) {
            (Pending::Prove, JobResult::Signature(signature)) => self.on_signal_proof(signature),
            (Pending::SignLink(link), JobResult::Signature(signature)) => {
                self.on_link_signed(link, signature)
            }
            (Pending::SignEnvelope(link), JobResult::Signature(signature)) => {
                self.on_envelope_signed(link, signature)
            }
            (Pending::VerifyLink(link), result) => {
                self.on_link_verified(link, matches!(result, JobResult::Verified(true)));
            }
            (Pending::VerifyEnvelope(arrived), result) => {
                self.on_envelope_verified(*arrived, matches!(result, JobResult::Verified(true)));
            }
            (Pending::LoadServe(serve), result) => self.on_serve_loaded(serve, loaded(&result)),
            (Pending::LoadPlacement(token), result) => self.on_placement_loaded(token, loaded(&result)),
            (Pending::LoadOwn(request), result) => self.on_own_loaded(request, loaded(&result)),
            (Pending::StoreGot(request), result) => self.on_got_stored(request, stored(&result)),
            (Pending::StorePlacement(token), result) => self.on_placement_stored(token, stored(&result)),
            (Pending::StoreHeld(reply), result) => self.answer(&reply, stored(&result), &[1]),
            (Pending::Topic(parcel), result) => self.on_topic_job(*parcel, &result),
            (Pending::Absent(link), JobResult::Hashes(hashes)) => self.on_absent(link, hashes),
            (Pending::Scan { for_listing }, JobResult::Hashes(hashes)) => {
                self.on_scanned(hashes, for_listing)
            }
            (Pending::Scan { for_listing }, _) => self.on_scanned(&[], for_listing),
            // What cannot be signed is not sent; the handshake it was for times out.
            (Pending::Prove | Pending::SignLink(_) | Pending::SignEnvelope(_) | Pending::Absent(_), _) => {}
        }
        self.grant_credit();
    }

    /// Jobs that nobody waits for any more are answered all the same: their results are dropped then.
    pub(super) fn forget_jobs(&mut self) {
        self.jobs = Vec::new();
    }
}

fn loaded<'a>(result: &JobResult<'a>) -> Option<&'a [u8]> {
    match result {
        JobResult::Loaded(bytes) => Some(bytes),
        _ => None,
    }
}

/// How storing went, as the status that the other end is told.
fn stored(result: &JobResult<'_>) -> Status {
    match result {
        JobResult::Stored => Status::Ok,
        JobResult::Mismatch => Status::BadRequest,
        JobResult::Full => Status::InsufficientStorage,
        _ => Status::Unavailable,
    }
}
