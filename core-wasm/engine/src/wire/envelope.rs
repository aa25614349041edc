//! Signed signalling envelopes: how two nodes that are not linked agree on a WebRTC link.
//!
//! Whoever carries an envelope can read the addresses in it and nothing more: the signature covers both ids and
//! the DTLS fingerprint, so nobody can take either end's place (RFC 8827 §5). Neither id is in the bytes: the
//! sender's follows from its key, the receiver knows its own. 137 bytes and the body.

use alloc::vec::Vec;

use super::{Fault, Reader, Writer};
use crate::id::{NodeId, PublicKey, Signature};

/// What an envelope is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Kind {
    /// Here is how to reach me; the body is a description.
    Offer = 1,
    /// So do I; the body is a description.
    Answer = 2,
    /// No; the body is one byte, a [`Reason`](crate::Reason).
    Refuse = 3,
    /// An offer of a link through a relay: the body is a fresh public key, 64 bytes, and the ids of relays that the sender is
    /// linked with. The answer's is a fresh public key and the id of the relay chosen.
    Circuit = 4,
}

/// One envelope.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Envelope<'a> {
    /// What it is for.
    pub kind: Kind,
    /// Chosen by the offerer; the answer repeats it.
    pub session: u32,
    /// Seconds since 1970 after which it is worth nothing; 0 when its sender knows no wall time.
    pub expiry_s: u32,
    /// The sender's key.
    pub key: &'a PublicKey,
    /// Over [`Envelope::signed_bytes`].
    pub signature: &'a Signature,
    /// See [`Kind`].
    pub body: &'a [u8],
}

impl<'a> Envelope<'a> {
    /// Reads an envelope; `None` if it is none.
    pub fn parse(bytes: &'a [u8]) -> Option<Self> {
        Self::read(bytes).ok()
    }

    /// Reads an envelope.
    ///
    /// # Errors
    /// When the bytes are none.
    pub fn read(bytes: &'a [u8]) -> Result<Self, Fault> {
        let mut reader = Reader::new(bytes);
        let kind = match reader.u8() {
            1 => Kind::Offer,
            2 => Kind::Answer,
            3 => Kind::Refuse,
            4 => Kind::Circuit,
            kind => return reader.whole().and(Err(Fault::unknown_kind(kind))),
        };
        let envelope = Self {
            kind,
            session: reader.u32(),
            expiry_s: reader.u32(),
            key: reader.key(),
            signature: reader.signature(),
            body: reader.rest(),
        };
        reader.end()?;
        Ok(envelope)
    }

    /// Puts the signature into an envelope that was emitted.
    pub fn sign(bytes: &mut [u8], signature: &Signature) {
        if let Some(place) = bytes.get_mut(73..137) {
            place.copy_from_slice(&signature.0);
        }
    }

    /// The envelope as bytes, no more memory than they take: it is kept to be sent again.
    pub fn emit(&self) -> Vec<u8> {
        let mut writer = Writer::default();
        writer.u8(self.kind as u8).u32(self.session).u32(self.expiry_s);
        writer.bytes(&self.key.0).bytes(&self.signature.0).bytes(self.body);
        writer.finish()
    }

    /// What the signature covers: `"tabmesh envelope v2" ‖ network ‖ from ‖ to ‖ kind ‖ session ‖ expiry ‖ body`.
    pub fn signed_bytes(&self, network: &[u8; 8], from: &NodeId, to: &NodeId) -> Vec<u8> {
        let mut writer = Writer::default();
        writer.bytes(b"tabmesh envelope v2").bytes(network).bytes(&from.0).bytes(&to.0);
        writer.u8(self.kind as u8).u32(self.session).u32(self.expiry_s).bytes(self.body);
        writer.finish()
    }
}
