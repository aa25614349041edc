//! Where lists are.

use tabmesh_port::{NodeId, Writer, sha256};

/// What the place of a list follows from begins with this.
const DOMAIN: &[u8] = b"tabmesh list v1";

/// The longest prefix of ids that has a list of its own.
pub const DEPTH_MAX: u8 = 40;

/// A neighbourhood has some 2³ to 2⁴ nodes, and a list as many entries.
const NEIGHBOURHOOD_BITS: u32 = 4;

/// How those who take part in something are spread over lists.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Spread {
    /// One list, of the first that came: some are enough.
    Few,
    /// A tree of lists: everybody is on one.
    All,
}

/// The place of the list that those stand on whose ids begin as `point` does, with so many bits.
pub fn place(key: &NodeId, point: &NodeId, depth: u8) -> NodeId {
    let depth = depth.min(DEPTH_MAX);
    let bits = point.0.first_chunk().map_or(0, |head| u64::from_be_bytes(*head));
    let prefix = bits & !u64::MAX.checked_shr(depth.into()).unwrap_or(0);
    let mut writer = Writer::default();
    writer.bytes(DOMAIN).bytes(&key.0).u8(depth).u64(prefix);
    NodeId(sha256(&writer.finish()))
}

/// How deep the tree is where most nodes that there are take part, as densely as those that this node sees lie around it. A walk that
/// begins there is short if so, and somewhat longer if not.
pub fn likely_depth(own: &NodeId, seen: &[NodeId]) -> u8 {
    let nearest = seen.iter().map(|id| own.shared_bits(id)).max().unwrap_or(0);
    nearest.saturating_sub(NEIGHBOURHOOD_BITS).min(DEPTH_MAX.into()) as u8
}
