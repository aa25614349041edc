//! What the ends of a WebSocket sign.

use alloc::vec::Vec;

use super::Writer;
use crate::hash::sha256;
use crate::id::NodeId;

/// What both ends of a WebSocket said first: SHA-256 of the SHA-256 of either `Hello`, the whole frame without its length,
/// that of the end that dialled before the other's.
pub fn transcript(dialler: &[u8; 32], listener: &[u8; 32]) -> [u8; 32] {
    sha256([*dialler, *listener].as_flattened())
}

/// What an end of a WebSocket signs: `"tabmesh link v2" ‖ 1 if it dialled, else 0 ‖ network ‖ transcript ‖ its id ‖ the other's`.
pub fn proof_bytes(
    network: &[u8; 8],
    dialled: bool,
    transcript: &[u8; 32],
    from: &NodeId,
    to: &NodeId,
) -> Vec<u8> {
    let mut writer = Writer::default();
    writer.bytes(b"tabmesh link v2").u8(dialled.into()).bytes(network);
    writer.bytes(transcript).bytes(&from.0).bytes(&to.0);
    writer.finish()
}
