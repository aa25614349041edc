//! Jobs under way at the shell, and where their results go.

use alloc::boxed::Box;

use super::Node;
use super::publish::Parcel;
use crate::ground::{Owner, ReplyTo};
use crate::id::NodeId;
use crate::io::kinds::input;
use crate::io::{JobId, LinkId};
use crate::status::Status;

/// What waits for a job.
pub(super) enum Pending {
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
    /// A job ended; `kind` and `bytes` say how, as in [`kinds`](crate::io::kinds::input).
    pub(super) fn on_job_done(&mut self, job: JobId, kind: u32, bytes: &[u8]) {
        match self.ground.end_job(job) {
            None => return,
            Some(Owner::Linking) => {
                let step = self.linking.on_job(&mut self.ground, job, kind, bytes);
                self.follow(step);
            }
            Some(_) => self.on_other_job(job, kind, bytes),
        }
        self.ground.grant_credit();
    }

    fn on_other_job(&mut self, job: JobId, kind: u32, bytes: &[u8]) {
        let Some(pending) = self.pending.take(job) else { return };
        let loaded = (kind == input::LOADED).then_some(bytes);
        let hashes = if kind == input::HASHES { NodeId::list(bytes) } else { &[] };
        match pending {
            Pending::LoadServe(serve) => self.on_serve_loaded(serve, loaded),
            Pending::LoadPlacement(token) => self.on_placement_loaded(token, loaded),
            Pending::LoadOwn(request) => self.on_own_loaded(request, loaded),
            Pending::StoreGot(request) => self.on_got_stored(request, stored(kind)),
            Pending::StorePlacement(token) => self.on_placement_stored(token, stored(kind)),
            Pending::StoreHeld(reply) => self.ground.answer(&reply, stored(kind), &[1]),
            Pending::Topic(parcel) => self.on_topic_job(&parcel, loaded),
            Pending::Absent(link) => self.on_absent(link, hashes),
            Pending::Scan { for_listing } => self.on_scanned(hashes, for_listing),
        }
    }
}

/// How storing went, as the status that the other end is told.
fn stored(kind: u32) -> Status {
    match kind {
        input::STORED => Status::Ok,
        input::MISMATCH => Status::BadRequest,
        input::FULL => Status::InsufficientStorage,
        _ => Status::Unavailable,
    }
}
