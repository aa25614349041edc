//! Making links: how two nodes that are not linked agree on one, and how its two ends find out that they are who they say.

mod circuit;
mod dial;
mod handshake;
mod signalling;
#[cfg(test)]
mod tests;

use alloc::boxed::Box;

pub(crate) use self::circuit::{choose_way, circuit_over, end_circuit, on_carry, on_sealed, try_direct};
pub(crate) use self::dial::{Arrived, on_envelope_lost};
use self::dial::{Refusal, on_refusal_signed};
use self::handshake::on_link_signed;
pub(crate) use self::handshake::{
    on_handshake_due, on_incoming, on_welcome, proved, replaces, settle, why_down,
};
use self::signalling::Signalling;
use crate::ground::{Ground, Jobs};
use crate::io::kinds::input;
use crate::io::{JobId, LinkId};

/// What links that are being made need beside their handshakes.
#[derive(Default)]
pub(crate) struct Linking {
    signalling: Signalling,
    pending: Jobs<Pending>,
}

/// What waits for a job.
enum Pending {
    /// The proof for the signalling server.
    Prove,
    SignLink(LinkId),
    VerifyLink(LinkId),
    SignEnvelope(LinkId),
    VerifyEnvelope(Box<Arrived>),
    SignRefusal(Box<Refusal>),
}

impl Linking {
    /// A job of this machine's ended; `kind` and `bytes` say how, as in [`kinds`](crate::io::kinds::input). Answers an offer
    /// whose signature holds.
    pub(crate) fn on_job(
        &mut self,
        ground: &mut Ground,
        job: JobId,
        kind: u32,
        bytes: &[u8],
    ) -> Option<Box<Arrived>> {
        let pending = self.pending.take(job)?;
        let holds = kind == input::VERIFIED && bytes == [1];
        // What cannot be signed is not sent; the handshake it was for times out.
        let signature = bytes.first_chunk().filter(|_| kind == input::SIGNATURE);
        match (pending, signature) {
            (Pending::Prove, Some(signature)) => self.on_signal_proof(ground, signature),
            (Pending::SignLink(link), Some(signature)) => on_link_signed(ground, link, signature),
            (Pending::SignEnvelope(link), Some(signature)) => {
                self.on_envelope_signed(ground, link, signature)
            }
            (Pending::SignRefusal(refusal), Some(signature)) => {
                on_refusal_signed(ground, *refusal, signature)
            }
            (Pending::VerifyLink(link), _) => self.on_link_verified(ground, link, holds),
            (Pending::VerifyEnvelope(arrived), _) if holds => {
                return self.on_envelope_verified(ground, arrived);
            }
            _ => {}
        }
        None
    }
}
