//! Nodes as answers name them: `id ‖ coordinate`, 40 bytes each.

use super::{Reader, Writer};
use crate::coordinate::Coordinate;
use crate::id::NodeId;

/// How many bytes a named node takes.
pub const NAMED: usize = 32 + Coordinate::BYTES;

/// Appends a node. Where it stands is told as it said so itself; by default nobody knows.
pub fn emit(writer: &mut Writer, id: &NodeId, at: &Coordinate) {
    writer.bytes(&id.0);
    at.emit(writer);
}

/// The nodes that stand one after another in `bytes`; a rest below [`NAMED`] is left out.
pub fn list(bytes: &[u8]) -> impl Iterator<Item = (&NodeId, Coordinate)> {
    bytes.as_chunks::<NAMED>().0.iter().filter_map(|chunk| {
        let mut reader = Reader::new(chunk);
        Some((reader.id(), Coordinate::read(&mut reader)?))
    })
}
