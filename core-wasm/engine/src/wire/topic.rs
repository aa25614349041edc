//! What subscribers of a topic say to each other, as [`Body::Topic`](super::frame::Body::Topic): `kind u8 ‖ topic 32 ‖ rest`.
//!
//! ```text
//! 1 graft     be my mate: pass on to me what comes; streams. Routed from afar it only asks for the other's streams
//! 2 prune     not, or not any more; other subscribers, 32 bytes each, none if this node is no subscriber
//! 3 publish   the rest of a message: it begins with its topic
//! 4 have      streams; also the answer to graft
//! 5 want      messages that were missed: name of the stream 8 ‖ number 4 each
//! 6 room      run 4 ‖ number 4: your own messages up to this one may come
//!
//! message     topic 32 ‖ sent 8 ‖ run 4 ‖ number 4 ‖ key 64 ‖ signature 64 ‖ payload
//! sent        milliseconds since 1970; 0 when its sender knows no wall time. It never falls within a run
//! run         chosen anew, by chance, whenever the sender begins to take part
//! number      counts the sender's messages of a run, from 1
//! signature   over "tabmesh topic v2" ‖ network ‖ topic ‖ sent ‖ run ‖ number ‖ payload
//!
//! stream      the messages of one run, as many as came of late: name 8 ‖ after 4 ‖ last 4. Its name begins SHA-256(topic ‖ run ‖ key)
//! ```
//!
//! Grafts, prunes and room count only from the peer at the other end of the link they came by. What is wanted is answered by the
//! way the wish came.

use alloc::vec::Vec;

use super::{Reader, Writer};
use crate::hash::sha256;
use crate::id::{PublicKey, Signature, TopicId};
use crate::limits::PUBLISH_MAX;

/// Where the key stands in a message, and where the signature.
pub const KEY: usize = 48;
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
/// See the module.
pub const ROOM: u8 = 6;

/// What stands before the payload of a message, without the signature.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Head<'a> {
    /// The topic.
    pub topic: &'a TopicId,
    /// When it was sent: milliseconds since 1970, or 0.
    pub sent_ms: u64,
    /// Which run of the sender's.
    pub run: u32,
    /// Which message of the run, from 1.
    pub number: u32,
    /// The sender's.
    pub key: &'a PublicKey,
}

/// A message's place: the name of its stream, and its number there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Place {
    /// The first bytes of SHA-256(topic ‖ run ‖ key).
    pub stream: [u8; 8],
    /// See [`Head::number`].
    pub number: u32,
}

impl Place {
    /// Names the message to applications and shells: the first bytes of SHA-256(stream ‖ number). No signature is in it, for
    /// each has a second form that is as good.
    pub fn name(&self) -> [u8; 8] {
        let mut writer = Writer::default();
        writer.bytes(&self.stream).u32(self.number);
        first_bytes(&writer.finish())
    }
}

impl<'a> Head<'a> {
    /// Reads it off a whole message; `None` if it is none.
    pub fn parse(raw: &'a [u8]) -> Option<Self> {
        let mut reader = Reader::new(raw);
        let topic = TopicId::of(reader.array());
        let head = Self {
            topic,
            sent_ms: reader.u64(),
            run: reader.u32(),
            number: reader.u32(),
            key: reader.array(),
        };
        (HEAD..=HEAD + PUBLISH_MAX).contains(&raw.len()).then_some(head)
    }

    /// A whole message that is yet to be signed.
    pub fn message(&self, payload: &[u8]) -> Vec<u8> {
        let mut writer = Writer::default();
        writer.bytes(&self.topic.0).u64(self.sent_ms).u32(self.run).u32(self.number);
        writer.bytes(self.key).bytes(&[0; 64]).bytes(payload);
        writer.finish()
    }

    /// Where the message stands.
    pub fn place(&self) -> Place {
        let mut writer = Writer::default();
        writer.bytes(&self.topic.0).u32(self.run).bytes(self.key);
        Place { stream: first_bytes(&writer.finish()), number: self.number }
    }
}

/// The key and the signature of a message; `None` if it is none.
pub fn proof(raw: &[u8]) -> Option<(&PublicKey, &Signature)> {
    Some((raw.get(KEY..)?.first_chunk()?, raw.get(SIGNATURE..)?.first_chunk()?))
}

/// A message with its signature.
pub fn signed(mut raw: Vec<u8>, signature: &Signature) -> Vec<u8> {
    if let Some(place) = raw.get_mut(SIGNATURE..HEAD) {
        place.copy_from_slice(signature);
    }
    raw
}

/// What the signature of a message covers.
pub fn signed_bytes(network: &[u8; 8], raw: &[u8]) -> Vec<u8> {
    let mut writer = Writer::default();
    writer.bytes(b"tabmesh topic v2").bytes(network);
    writer.bytes(raw.get(..KEY).unwrap_or(&[])).bytes(raw.get(HEAD..).unwrap_or(&[]));
    writer.finish()
}

fn first_bytes(bytes: &[u8]) -> [u8; 8] {
    *sha256(bytes).first_chunk().unwrap_or(&[0; 8])
}
