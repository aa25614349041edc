//! Jobs under way at the shell, and where their results go.

use alloc::boxed::Box;

use super::Node;
use super::dial::Arrived;
use super::publish::Parcel;
use crate::ground::Owner;
use crate::io::kinds::input;
use crate::io::{JobId, LinkId};

/// What waits for a job.
pub(super) enum Pending {
    /// The proof for the signalling server.
    Prove,
    SignLink(LinkId),
    VerifyLink(LinkId),
    SignEnvelope(LinkId),
    VerifyEnvelope(Box<Arrived>),
    Topic(Box<Parcel>),
}

impl Node {
    /// A job ended; `kind` and `bytes` say how, as in [`kinds`](crate::io::kinds::input).
    pub(super) fn on_job_done(&mut self, job: JobId, kind: u32, bytes: &[u8]) {
        let Some(owner) = self.ground.end_job(job) else { return };
        if owner == Owner::Requests {
            self.requests.on_job_done(&mut self.ground, job, kind, bytes);
            return self.ground.grant_credit();
        }
        if owner == Owner::Blocks {
            let placed = self.blocks.on_job_done(&mut self.ground, job, kind, bytes);
            self.on_placed(placed);
            return self.ground.grant_credit();
        }
        let Some(pending) = self.pending.take(job) else { return };
        let loaded = (kind == input::LOADED).then_some(bytes);
        let holds = kind == input::VERIFIED && bytes == [1];
        // What cannot be signed is not sent; the handshake it was for times out.
        let signature = bytes.first_chunk().filter(|_| kind == input::SIGNATURE);
        match (pending, signature) {
            (Pending::Prove, Some(signature)) => self.on_signal_proof(signature),
            (Pending::SignLink(link), Some(signature)) => self.on_link_signed(link, signature),
            (Pending::SignEnvelope(link), Some(signature)) => self.on_envelope_signed(link, signature),
            (Pending::Prove | Pending::SignLink(_) | Pending::SignEnvelope(_), None) => {}
            (Pending::VerifyLink(link), _) => self.on_link_verified(link, holds),
            (Pending::VerifyEnvelope(arrived), _) => self.on_envelope_verified(*arrived, holds),
            (Pending::Topic(parcel), _) => self.on_topic_job(&parcel, loaded),
        }
        self.ground.grant_credit();
    }
}
