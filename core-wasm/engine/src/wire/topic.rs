//! What mates of a topic say to each other, as [`Frame::Topic`](super::frame::Frame::Topic). It is taken from the peer at the other end
//! of a link alone: nobody speaks for another.
//!
//! ```text
//! 1 graft     be my mate: pass on to me what comes; and a byte where the sender has few mates
//! 2 prune     not, or not any more; other mates, 32 bytes each, none if this node is no subscriber
//! 3 publish   the rest of a message: it begins with its topic
//! 4 have      streams; also the answer to graft
//! 5 want      places of messages that were missed, 12 bytes each
//!
//! message     topic 32 ‖ run 4 ‖ key 64 ‖ number 4 ‖ sent 8 ‖ signature 64 ‖ payload
//! run         chosen anew, by chance, whenever the sender begins to take part
//! number      counts the sender's messages of a run, from 1
//! sent        milliseconds since 1970; 0 when its sender knows no wall time
//! signature   over "tabmesh topic v2" ‖ network ‖ all before it ‖ payload
//!
//! place       name of the message's stream 8 ‖ number 4. The name begins SHA-256(topic ‖ run ‖ key)
//! stream      place of the last message that came ‖ which came 8: the bit of value 2^i stands for the message i before it
//! ```

use alloc::vec::Vec;

use super::{Reader, Writer};
use crate::hash::sha256;
use crate::id::{PublicKey, Signature, TopicId};
use crate::limits::PUBLISH_MAX;

/// Where the key stands in a message, and where the signature.
pub const KEY: usize = 36;
/// See [`KEY`].
pub const SIGNATURE: usize = 112;

/// A message is so many bytes longer than its payload.
pub const HEAD: usize = 176;

/// See the module.
pub const GRAFT: u8 = 1;
/// See the module.
pub const PRUNE: u8 = 2;
/// See the module.
pub const PUBLISH: u8 = 3;
/// See the module.
pub const HAVE: u8 = 4;
/// See the module.
pub const WANT: u8 = 5;

/// What stands before the payload of a message, without the signature.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Head<'a> {
    /// The topic.
    pub topic: &'a TopicId,
    /// Which run of the sender's.
    pub run: u32,
    /// The sender's.
    pub key: &'a PublicKey,
    /// Which message of the run, from 1.
    pub number: u32,
    /// When it was sent: milliseconds since 1970, or 0.
    pub sent_ms: u64,
}

/// Where a message stands. It names the message to applications and shells; no signature is in it, for each has a second form that is
/// as good.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Place {
    /// The name of the stream: the first bytes of SHA-256(topic ‖ run ‖ key).
    pub stream: [u8; 8],
    /// See [`Head::number`].
    pub number: u32,
}

impl Place {
    /// As it travels.
    pub fn bytes(&self) -> [u8; 12] {
        let mut bytes = [0; 12];
        let (stream, number) = bytes.split_at_mut(8);
        stream.copy_from_slice(&self.stream);
        number.copy_from_slice(&self.number.to_be_bytes());
        bytes
    }
}

impl<'a> Head<'a> {
    /// Reads it off a whole message; `None` if it is none.
    pub fn parse(raw: &'a [u8]) -> Option<Self> {
        let mut reader = Reader::new(raw);
        let head = Self {
            topic: TopicId::of(reader.array()),
            run: reader.u32(),
            key: reader.key(),
            number: reader.u32(),
            sent_ms: reader.u64(),
        };
        (HEAD..=HEAD + PUBLISH_MAX).contains(&raw.len()).then_some(head)
    }

    /// A whole message that is yet to be signed.
    pub fn message(&self, payload: &[u8]) -> Vec<u8> {
        let mut writer = Writer::default();
        writer.bytes(&self.topic.0).u32(self.run).bytes(&self.key.0).u32(self.number).u64(self.sent_ms);
        writer.bytes(&[0; 64]).bytes(payload);
        writer.finish()
    }
}

/// Where a message stands.
pub fn place(raw: &[u8]) -> Place {
    let (stream, rest) = raw.split_at_checked(KEY + 64).unwrap_or_default();
    Place { stream: *sha256(stream).first_chunk().unwrap_or(&[0; 8]), number: Reader::new(rest).u32() }
}

/// The key and the signature of a message; `None` if it is none.
pub fn proof(raw: &[u8]) -> Option<(&PublicKey, &Signature)> {
    let key = raw.get(KEY..)?.first_chunk()?;
    let signature = raw.get(SIGNATURE..)?.first_chunk()?;
    Some((PublicKey::of(key), Signature::of(signature)))
}

/// A message with its signature.
pub fn signed(mut raw: Vec<u8>, signature: &Signature) -> Vec<u8> {
    if let Some(place) = raw.get_mut(SIGNATURE..HEAD) {
        place.copy_from_slice(&signature.0);
    }
    raw
}

/// What the signature of a message covers.
pub fn signed_bytes(network: &[u8; 8], raw: &[u8]) -> Vec<u8> {
    let mut writer = Writer::default();
    writer.bytes(b"tabmesh topic v2").bytes(network);
    writer.bytes(raw.get(..SIGNATURE).unwrap_or(&[])).bytes(raw.get(HEAD..).unwrap_or(&[]));
    writer.finish()
}
