//! Jobs under way at the shell, and where their results go.

use alloc::boxed::Box;

use super::Node;
use super::dial::Arrived;
use crate::ground::{Owner, ReplyTo};
use crate::id::NodeId;
use crate::io::kinds::input;
use crate::io::{JobId, LinkId};
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
        let loaded = (kind == input::LOADED).then_some(bytes);
        match self.ground.end_job(job) {
            None => return,
            Some(Owner::Topics) => self.topics.on_job(&mut self.ground, job, loaded),
            Some(_) => self.on_other_job(job, kind, bytes, loaded),
        }
        self.ground.grant_credit();
    }

    fn on_other_job(&mut self, job: JobId, kind: u32, bytes: &[u8], loaded: Option<&[u8]>) {
        let Some(pending) = self.pending.take(job) else { return };
        let holds = kind == input::VERIFIED && bytes == [1];
        let hashes = if kind == input::HASHES { NodeId::list(bytes) } else { &[] };
        // What cannot be signed is not sent; the handshake it was for times out.
        let signature = bytes.first_chunk().filter(|_| kind == input::SIGNATURE);
        match (pending, signature) {
            (Pending::Prove, Some(signature)) => self.on_signal_proof(signature),
            (Pending::SignLink(link), Some(signature)) => self.on_link_signed(link, signature),
            (Pending::SignEnvelope(link), Some(signature)) => self.on_envelope_signed(link, signature),
            (Pending::Prove | Pending::SignLink(_) | Pending::SignEnvelope(_), None) => {}
            (Pending::VerifyLink(link), _) => self.on_link_verified(link, holds),
            (Pending::VerifyEnvelope(arrived), _) => self.on_envelope_verified(*arrived, holds),
            (Pending::LoadServe(serve), _) => self.on_serve_loaded(serve, loaded),
            (Pending::LoadPlacement(token), _) => self.on_placement_loaded(token, loaded),
            (Pending::LoadOwn(request), _) => self.on_own_loaded(request, loaded),
            (Pending::StoreGot(request), _) => self.on_got_stored(request, stored(kind)),
            (Pending::StorePlacement(token), _) => self.on_placement_stored(token, stored(kind)),
            (Pending::StoreHeld(reply), _) => self.ground.answer(&reply, stored(kind), &[1]),
            (Pending::Absent(link), _) => self.on_absent(link, hashes),
            (Pending::Scan { for_listing }, _) => self.on_scanned(hashes, for_listing),
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
