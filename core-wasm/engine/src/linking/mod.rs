//! Making links: how two nodes that are not linked agree on one, and how its two ends find out that they are who they say.

mod circuit;
mod dial;
mod handshake;
mod signalling;
#[cfg(test)]
mod tests;

use alloc::boxed::Box;

pub(crate) use self::circuit::{
    choose_way, circuit_over, end_circuit, on_carry, on_sealed, on_unreachable, try_direct,
};
pub(crate) use self::dial::{on_described, on_envelope, on_envelope_lost, on_offer};
use self::dial::{on_envelope_signed, on_envelope_verified, on_refusal_signed};
pub(crate) use self::handshake::{
    on_handshake_due, on_hello, on_incoming, on_link_up, on_proof, on_welcome, proved, replaces, settle,
    why_down, withstands,
};
use self::handshake::{on_link_signed, on_link_verified};
use self::signalling::Signalling;
use crate::ground::{Ground, Job, Parcel, What};
use crate::io::kinds::input;

/// What links that are being made need beside their handshakes.
#[derive(Default)]
pub(crate) struct Linking {
    signalling: Signalling,
}

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
        let signature = bytes.first_chunk().filter(|_| kind == input::SIGNATURE);
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
