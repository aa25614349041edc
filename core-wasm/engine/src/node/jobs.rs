//! Jobs under way at the shell, and where their results go.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::Node;
use super::dial::Arrived;
use super::publish::Parcel;
use super::route::ReplyTo;
use crate::id::{NodeId, PublicKey, Signature};
use crate::io::kinds::{input, output};
use crate::io::{JobId, LinkId, OpId};
use crate::limits::{HASHES_MAX, JOBS_MAX};
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
    /// Gives the shell a job; see [`kinds`](crate::io::kinds::output) for what the numbers and bytes are. At the bound it is
    /// dropped, and false comes back, here and from all that call it; whoever wanted it times out or asks again.
    #[inline(never)]
    pub(super) fn start_job(
        &mut self,
        pending: Pending,
        kind: u32,
        value: u32,
        id: &[u8],
        bytes: Vec<u8>,
    ) -> bool {
        if self.jobs.len() >= JOBS_MAX {
            return false;
        }
        self.last_job = self.last_job.wrapping_add(1);
        self.jobs.push((JobId(self.last_job), pending));
        self.put(kind, self.last_job, value, id, bytes);
        true
    }

    /// [`Work::Sign`](crate::Work::Sign).
    pub(super) fn sign(&mut self, pending: Pending, bytes: Vec<u8>) -> bool {
        self.start_job(pending, output::SIGN, 0, &[], bytes)
    }

    /// [`Work::Verify`](crate::Work::Verify).
    pub(super) fn verify(
        &mut self,
        pending: Pending,
        key: &PublicKey,
        signature: &Signature,
        bytes: Vec<u8>,
    ) -> bool {
        self.start_job(pending, output::VERIFY, 0, [*key, *signature].as_flattened(), bytes)
    }

    /// [`Work::Load`](crate::Work::Load), or [`Work::Message`](crate::Work::Message) where one is named.
    #[inline(never)]
    pub(super) fn load(&mut self, pending: Pending, hash: &NodeId, message: Option<OpId>) -> bool {
        match message {
            Some(op) => self.start_job(pending, output::WANTED, op.0, &[], Vec::new()),
            None => self.start_job(pending, output::LOAD, 0, &hash.0, Vec::new()),
        }
    }

    /// [`Work::Store`](crate::Work::Store).
    #[inline(never)]
    pub(super) fn store(&mut self, pending: Pending, hash: &NodeId, bytes: &[u8], held: bool) -> bool {
        self.start_job(pending, output::STORE, held.into(), &hash.0, bytes.to_vec())
    }

    /// [`Work::Absent`](crate::Work::Absent).
    pub(super) fn find_absent(&mut self, pending: Pending, hashes: &[NodeId]) -> bool {
        self.start_job(pending, output::ABSENT, 0, NodeId::list_bytes(hashes), Vec::new())
    }

    /// [`Work::Scan`](crate::Work::Scan).
    pub(super) fn scan(&mut self, pending: Pending, after: Option<&NodeId>) -> bool {
        let after = after.map_or(&[][..], |after| &after.0);
        self.start_job(pending, output::SCAN, HASHES_MAX as u32, after, Vec::new())
    }

    /// Blocks on their way into the store.
    pub(super) fn stores_under_way(&self) -> usize {
        let is_store = |pending: &Pending| {
            matches!(pending, Pending::StoreGot(_) | Pending::StorePlacement(_) | Pending::StoreHeld(_))
        };
        self.jobs.iter().filter(|(_, pending)| is_store(pending)).count()
    }

    /// A job ended; `kind` and `bytes` say how, as in [`kinds`](crate::io::kinds::input).
    pub(super) fn on_job_done(&mut self, job: JobId, kind: u32, bytes: &[u8]) {
        let Some(place) = self.jobs.iter().position(|(id, _)| *id == job) else { return };
        let (_, pending) = self.jobs.swap_remove(place);
        let loaded = (kind == input::LOADED).then_some(bytes);
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
            (Pending::StoreHeld(reply), _) => self.answer(&reply, stored(kind), &[1]),
            (Pending::Topic(parcel), _) => self.on_topic_job(&parcel, loaded),
            (Pending::Absent(link), _) => self.on_absent(link, hashes),
            (Pending::Scan { for_listing }, _) => self.on_scanned(hashes, for_listing),
        }
        self.grant_credit();
    }

    /// Jobs that nobody waits for any more are answered all the same: their results are dropped then.
    pub(super) fn forget_jobs(&mut self) {
        self.jobs = Vec::new();
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
