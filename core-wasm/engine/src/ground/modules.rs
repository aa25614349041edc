//! What modules on this node hear: what others' modules of their port say, and how their own questions ended.

use super::shared::Ground;
use crate::id::NodeId;
use crate::io::kinds::output;
use crate::io::{LinkId, OpId};
use crate::limits::WITHIN_MS_MAX;
use crate::link::ReplyTo;
use crate::list::copied;
use crate::status::Status;
use crate::wire::Writer;
use crate::wire::frame::{ENTRY, Said};

/// How a question ended: this node ended it.
pub(crate) const IS_HERE: u32 = 1 << 16;
/// How a question ended: over the own link of whoever was asked.
pub(crate) const IS_PROVEN: u32 = 1 << 17;

/// What was said came over its sender's own link.
const SAID_PROVEN: u32 = 1 << 8;

impl Ground {
    /// Hands what another module says to this node's of its port.
    pub(crate) fn hand_over(&mut self, from: &ReplyTo, said: &Said<'_>) {
        let mut ticket = Writer::default();
        ticket.bytes(&from.origin.0);
        let is_direct = from.path.len() <= ENTRY && self.is_peer(from.link(), &from.origin);
        let value = u32::from(said.kind) | if is_direct { SAID_PROVEN } else { 0 };
        let mut kind = output::SAID;
        if said.within_ms > 0 {
            let entries = (from.path.len() / ENTRY) as u8;
            ticket.u32(said.within_ms.min(WITHIN_MS_MAX)).u32(from.request).u8(entries).bytes(&from.path);
            kind = output::ASKED;
        }
        self.put(kind, said.port, value, &ticket.finish(), copied(said.bytes));
    }

    /// Queues the end of a question.
    #[inline(never)]
    pub(crate) fn replied(&mut self, op: OpId, status: Status, how: u32, bytes: &[u8]) {
        self.put(output::REPLIED, op.0, status as u32 | how, &[], copied(bytes));
    }

    /// Whether this node is at the other end of a link; without one, whether it is this node itself.
    #[inline(never)]
    pub(crate) fn is_peer(&self, link: Option<LinkId>, id: &NodeId) -> bool {
        match link {
            Some(link) => self.links.ready(link).is_some_and(|link| link.peer == *id),
            None => self.id == *id,
        }
    }
}
