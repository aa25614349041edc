//! What subscribers of a topic say to each other, as [`Body::Topic`](super::frame::Body::Topic): `kind u8 ‖ topic 32 ‖ rest`.
//!
//! ```text
//! 1 graft     be my mate: pass on to me what comes
//! 2 prune     not, or not any more; other subscribers, 32 bytes each, none if this node is no subscriber
//! 3 publish   the rest of a message: it begins with its topic
//! 4 have      messages of the last seconds, 8 bytes each; also the answer to graft
//! 5 want      messages that were missed, 8 bytes each
//!
//! message     topic 32 ‖ sent 4 ‖ nonce 4 ‖ key 64 ‖ signature 64 ‖ payload
//! sent        seconds since 1970; 0 when its sender knows no wall time
//! nonce       tells apart what is sent twice in a second
//! signature   over "tabmesh topic v1" ‖ network ‖ topic ‖ sent ‖ nonce ‖ payload
//! ```

use alloc::vec::Vec;

use super::{Reader, Writer};
use crate::hash::sha256;
use crate::id::{NodeId, PublicKey, Signature};
use crate::limits::PUBLISH_MAX;

/// Where the key stands in a message, and where the signature.
pub const KEY: usize = 40;
/// See [`KEY`].
pub const SIGNATURE: usize = 104;

/// A message is so many bytes longer than its payload.
pub const HEAD: usize = 168;

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

/// A whole message that is yet to be signed.
pub fn message(topic: &NodeId, sent_s: u32, nonce: u32, key: &PublicKey, payload: &[u8]) -> Vec<u8> {
    let mut writer = Writer::default();
    writer.bytes(&topic.0).u32(sent_s).u32(nonce).bytes(key).bytes(&[0; 64]).bytes(payload);
    writer.finish()
}

/// When a message was sent, and whose key it bears; `None` if it is none.
pub fn parse(raw: &[u8]) -> Option<(u32, &PublicKey)> {
    let mut reader = Reader::new(raw.get(32..)?);
    let (sent_s, _nonce) = (reader.u32(), reader.u32());
    (HEAD..=HEAD + PUBLISH_MAX).contains(&raw.len()).then_some((sent_s, reader.array()))
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
    writer.bytes(b"tabmesh topic v1").bytes(network);
    writer.bytes(raw.get(..KEY).unwrap_or(&[])).bytes(raw.get(HEAD..).unwrap_or(&[]));
    writer.finish()
}

/// Names a message among those of the last minutes.
pub fn id(raw: &[u8]) -> [u8; 8] {
    *sha256(raw).first_chunk().unwrap_or(&[0; 8])
}
