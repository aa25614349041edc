//! What follows when a job of this machine's ends.

use alloc::boxed::Box;

use super::dial::on_envelope_verified;
use super::envelopes::{on_envelope_signed, on_refusal_signed};
use super::handshake::{on_link_signed, on_link_verified};
use super::signalling::Linking;
use crate::ground::{Ground, Job, Parcel, What};
use crate::id::Signature;
use crate::io::kinds::input;

impl Linking {
    /// A job of this machine's ended; `kind` and `bytes` say how, as in [`kinds`](crate::io::kinds::input). Answers an offer
    /// whose signature holds.
    pub(crate) fn on_job(
        &mut self,
        ground: &mut Ground,
        job: Job,
        kind: u32,
        bytes: &[u8],
    ) -> Option<Box<Parcel>> {
        let holds = kind == input::VERIFIED && bytes == [1];
        // What cannot be signed is not sent; the handshake it was for times out.
        let signature = bytes.first_chunk().filter(|_| kind == input::SIGNATURE).map(Signature::of);
        match (job.what, job.link(), signature) {
            (What::Prove, _, Some(signature)) => self.on_signal_proof(ground, signature),
            (What::SignLink, Some(link), Some(signature)) => on_link_signed(ground, link, signature),
            (What::SignEnvelope, Some(link), Some(signature)) => on_envelope_signed(ground, link, signature),
            (What::SignRefusal, _, Some(signature)) => on_refusal_signed(ground, *job.parcel?, signature),
            (What::VerifyLink, Some(link), _) => on_link_verified(ground, link, holds),
            (What::VerifyEnvelope, ..) if holds => return on_envelope_verified(ground, job),
            _ => {}
        }
        None
    }
}
