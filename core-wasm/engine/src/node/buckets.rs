//! A link into every bucket beyond the neighbourhood, to somebody close by (proximity neighbour selection: Gummadi et al., SIGCOMM
//! 2003). Of those that answers name, also answers that only pass, the one is dialled whose coordinate promises the shortest round
//! trip: at once where a bucket has no link, and now and then where that is much shorter than what there is.

use super::Node;
use super::requests::Goal;
use crate::ground::LINKS_SPARE;

/// Buckets looked up at once.
const FILLS_MAX: usize = 3;

impl Node {
    /// Looks up who is in buckets without a link (Kademlia §2.3); true if there are any.
    pub(super) fn fill_buckets(&mut self) -> bool {
        if !self.ground.joined || self.ground.links.ready_count() == 0 {
            return false;
        }
        let (depth, first) = (self.ground.depth(), self.next_bucket);
        let mut lacks = false;
        for step in 0..depth {
            let bucket = (first + step) % depth;
            if self.ground.bucket(bucket).1 > 0 {
                continue;
            }
            lacks = true;
            if !self.ground.can_dial()
                || self.ground.links.len() >= self.ground.link_budget() + LINKS_SPARE
                || self.count_requests(Goal::Fill) >= FILLS_MAX
            {
                break;
            }
            self.look_into(bucket);
            self.next_bucket = bucket + 1;
        }
        lacks
    }

    /// Looks up who is anywhere in a bucket.
    #[inline(never)]
    pub(super) fn look_into(&mut self, bucket: u32) {
        let target = self.ground.id.within(bucket, self.ground.keystream.number());
        self.begin_request(None, Goal::Fill, &target);
    }
}
