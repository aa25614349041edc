//! Recursive routing: a request goes from link to link toward its target; its answer comes back the same way.
//!
//! No hop keeps state. Each writes the number of the link by which a request came into the request itself; the
//! answer carries that path and each hop takes its own entry off its end (R/Kademlia §III, source routing as in
//! RFC 791 §3.1, record route). An entry is authenticated, so that nobody can send answers round in circles.

use super::shared::Ground;
use crate::io::LinkId;
use crate::link::ReplyTo;
use crate::status::Status;
use crate::wire::Writer;
use crate::wire::frame::{Body, COPIES, ENTRY, HOPS_MAX, Routed, STRAY};

/// A lookup is copied so often on its way at most: it is no tool to make others send much.
const COPIES_MAX: u8 = 2;

/// After so many hops a request ends where nobody is nearer, however far that is and whoever named the target: those that
/// named one that is gone may have heard of it from each other.
const DETOUR_HOPS: u8 = 10;

/// What became of a routed message.
pub(crate) enum Carried<'a> {
    /// It went on, or ended on its way.
    On,
    /// A request that ends here.
    Request(ReplyTo, Body<'a>),
    /// An answer to this node.
    Reply,
}

impl Ground {
    /// Nobody linked is nearer to the target, yet the target lies far beyond the neighbourhood: links were lost, and another peer may
    /// have one that leads there.
    fn detour(&self, routed: &Routed<'_>, from: LinkId) -> Option<LinkId> {
        let is_far = routed.hops < DETOUR_HOPS && self.id.shared_bits(routed.target) < self.depth_hint;
        if is_far { self.next_hop(routed.target, routed.origin, &[from], true) } else { None }
    }

    /// Carries a routed message on, unless it is for this node; `None` if it is malformed.
    pub(crate) fn carry<'a>(&mut self, from: LinkId, routed: &mut Routed<'a>) -> Option<Carried<'a>> {
        if routed.hops >= HOPS_MAX {
            return Some(Carried::On);
        }
        routed.hops += 1;
        let is_mine = *routed.target == self.id;
        if routed.reply {
            if is_mine {
                return Some(Carried::Reply);
            }
            // What comes over a node's own link in its own name is its own word. A lookup may stray, and come back by whoever answers it.
            if *routed.origin != self.id || !matches!(routed.body(), Some(Body::Answer { .. })) {
                self.forward_reply(Some(from), routed);
            }
            return Some(Carried::On);
        }
        if routed.path.len() != usize::from(routed.hops - 1) * ENTRY {
            return None;
        }
        let entry = self.entry(from, routed.origin, routed.request, routed.path);
        let mut path = Writer::default();
        path.bytes(routed.path).bytes(&entry);
        let reply = ReplyTo { origin: *routed.origin, request: routed.request, path: path.finish() };
        // What the origin wrote is not the fault of the peer that brought it.
        let Some(body) = routed.body() else { return Some(Carried::On) };
        let next = if is_mine {
            None
        } else if routed.how & STRAY != 0 {
            self.stray(&[from])
        } else {
            self.next_hop(routed.target, routed.origin, &[from], false)
                .or_else(|| {
                    self.way_round(routed.target, Some(from))
                        .filter(|_| routed.exact && routed.hops < DETOUR_HOPS)
                })
                .or_else(|| self.detour(routed, from))
        };
        // Any holder on the way may serve a block, so the storage is asked before the request goes on.
        let may_serve = matches!(body, Body::Get(hash) if !routed.exact && self.should_hold(hash));
        let Some(link) = next.filter(|_| !may_serve) else {
            if routed.exact && !is_mine {
                self.answer(&reply, Status::NotFound, &[]);
                return Some(Carried::On);
            }
            return Some(Carried::Request(reply, body));
        };
        let is_stray = routed.how & STRAY != 0;
        let copies = if body == Body::Find { (routed.how & COPIES).min(COPIES_MAX) } else { 0 };
        // Nearly every request takes one way: the second is looked for only where there may be one.
        let other = match copies {
            1.. if !is_stray => self.next_hop(routed.target, routed.origin, &[from, link], false),
            _ => None,
        };
        let left = copies.saturating_sub(1);
        let mine = if other.is_some() { left - left / 2 } else { copies };
        self.pass_and_check(Some(from), link, routed.emit(mine, &reply.path));
        if let Some(other) = other {
            self.pass_and_check(Some(from), other, routed.emit(left / 2, &reply.path));
        }
        Some(Carried::On)
    }
}
