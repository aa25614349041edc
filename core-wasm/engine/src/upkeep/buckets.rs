//! A link into every bucket beyond the neighbourhood, to somebody close by (proximity neighbour selection: Gummadi et al., SIGCOMM
//! 2003). Of those that answers name, also answers that only pass, the one is dialled whose coordinate promises the shortest round
//! trip: at once where a bucket has no link, and now and then where that is much shorter than what there is.

use super::overlay::Upkeep;
use crate::ground::Ground;
use crate::id::NodeId;

/// Buckets looked up at once.
const FILLS_MAX: usize = 3;

/// One round over the buckets.
pub(crate) struct Filling {
    depth: u32,
    first: u32,
    step: u32,
    /// Whether a bucket without a link was found.
    pub(crate) lacks: bool,
}

impl Upkeep {
    /// Begins a round over the buckets that the neighbourhood does not fill.
    pub(crate) fn begin_filling(&self, ground: &Ground) -> Filling {
        let is_linked = ground.joined && ground.links.ready_count() > 0;
        let depth = if is_linked { ground.depth() } else { 0 };
        Filling { depth, first: self.next_bucket, step: 0, lacks: false }
    }

    /// A place in the next bucket without a link, to look up who is there (Kademlia §2.3); `under_way` such lookups run.
    pub(crate) fn fill_next(
        &mut self,
        ground: &mut Ground,
        filling: &mut Filling,
        under_way: usize,
    ) -> Option<NodeId> {
        while filling.step < filling.depth {
            let bucket = (filling.first + filling.step) % filling.depth;
            filling.step += 1;
            if ground.bucket(bucket).1 > 0 {
                continue;
            }
            filling.lacks = true;
            if !ground.can_dial_extra() || under_way >= FILLS_MAX {
                return None;
            }
            self.next_bucket = bucket + 1;
            return Some(within(ground, bucket));
        }
        None
    }

    /// A place in any bucket beyond the neighbourhood, where a settled node looks for better links than it has.
    pub(crate) fn look_around(&self, ground: &mut Ground, depth: u32) -> Option<NodeId> {
        if !self.is_settled() || depth == 0 {
            return None;
        }
        let bucket = ground.rng.below(depth.into()) as u32;
        Some(within(ground, bucket))
    }
}

/// Anywhere in a bucket.
#[inline(never)]
fn within(ground: &mut Ground, bucket: u32) -> NodeId {
    ground.id.within(bucket, ground.keystream.number())
}
