//! Which link leads on toward a place in the id space.

use crate::id::NodeId;
use crate::io::LinkId;

/// A link that could be taken.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hop<'a> {
    pub(crate) link: LinkId,
    pub(crate) peer: &'a NodeId,
    /// 0 if unknown.
    pub(crate) rtt_us: u32,
}

/// What a missing bit of progress is thought to cost, where a peer's neighbourhood is still far off.
const BIT_US: u32 = 20_000;

/// A round trip that was not measured yet counts as this.
const UNKNOWN_US: u32 = 100_000;

/// The link of the best of `hops` toward `target`.
///
/// Far from the target a bit of progress is weighed against the round trip (Kaune et al. 2008; R/Kademlia §III).
/// Once a peer shares `depth` bits with the target it is in the target's neighbourhood, and only distance counts.
#[inline(never)]
pub(crate) fn best_hop<'a>(
    target: &NodeId,
    depth: u32,
    hops: &mut dyn Iterator<Item = Hop<'a>>,
) -> Option<LinkId> {
    let mut best: Option<(u32, Hop<'_>)> = None;
    for hop in hops {
        let bits = hop.peer.shared_bits(target);
        let cost = if bits >= depth {
            0
        } else {
            let rtt_us = if hop.rtt_us == 0 { UNKNOWN_US } else { hop.rtt_us };
            rtt_us + (depth - bits) * BIT_US
        };
        let is_better = best.as_ref().is_none_or(|(least, other)| {
            cost < *least || cost == *least && hop.peer.is_nearer(other.peer, target)
        });
        if is_better {
            best = Some((cost, hop));
        }
    }
    best.map(|(_, hop)| hop.link)
}
