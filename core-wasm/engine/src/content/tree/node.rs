//! One node of a tree as bytes. See the [format](super).

use alloc::vec::Vec;

use super::span_bits;
use crate::content::cid::{BYTES, Codec};
use crate::id::BlockHash;
use crate::wire::Writer;

/// Bytes of one link: tag 42, the head of a byte string, the zero that multibase asks for, and a CID.
const LINK: usize = 5 + BYTES;

/// The node of `height` (1 or more) over `children`, with `size` content bytes under it.
pub(super) fn emit(size: u64, height: u32, children: &[BlockHash]) -> Vec<u8> {
    let mut writer = emit_head(size, children.len());
    for hash in children {
        writer.bytes(&link_head(height)).bytes(&hash.0);
    }
    writer.finish()
}

/// The links of the node of `height` with `size` content bytes under it, which are at least one and at most what a
/// node of that height spans; `None` if `bytes` is not exactly such a node.
pub(super) fn parse(bytes: &[u8], size: u64, height: u32) -> Option<&[[u8; LINK]]> {
    let count = (size.checked_sub(1)? >> span_bits(height - 1)) as usize + 1;
    let (head, links) = bytes.as_rchunks();
    let is_sound = links.len() == count && head == &*emit_head(size, count).finish();
    (is_sound && links.iter().all(|link| link.starts_with(&link_head(height)))).then_some(links)
}

/// The size that a node of more than 255 content bytes states; any number for other bytes. [`parse`] tells whether it
/// is to be believed.
pub(super) fn stated_size(bytes: &[u8]) -> u64 {
    let width = 1 << (bytes.get(1).copied().unwrap_or_default() % 8);
    bytes.iter().skip(2).take(width).fold(0, |size, byte| size << 8 | u64::from(*byte))
}

/// All that stands before a child's hash, in a node of `height`.
#[inline(never)]
fn link_head(height: u32) -> [u8; LINK - 32] {
    let codec = if height == 1 { Codec::Raw } else { Codec::DagCbor };
    [0xd8, 0x2a, 0x58, BYTES as u8 + 1, 0, 1, codec as u8, 0x12, 0x20]
}

/// All that stands before the links.
#[inline(never)]
fn emit_head(size: u64, count: usize) -> Writer {
    let mut writer = Writer::with_capacity(1 + 9 + 3 + count * LINK);
    writer.u8(0x82);
    emit_argument(&mut writer, 0x00, size);
    emit_argument(&mut writer, 0x80, count as u64);
    writer
}

/// The shortest head of a CBOR item (RFC 8949 §4.2.1): its major type in the upper three bits, and its argument.
#[inline(never)]
fn emit_argument(writer: &mut Writer, major: u8, argument: u64) {
    if argument < 24 {
        writer.u8(major | argument as u8);
        return;
    }
    let (mut info, mut bits) = (24, 8);
    while bits < 64 && argument >> bits > 0 {
        (info, bits) = (info + 1, bits * 2);
    }
    writer.u8(major | info);
    while bits > 0 {
        bits -= 8;
        writer.u8((argument >> bits) as u8);
    }
}
