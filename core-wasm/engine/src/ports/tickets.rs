//! Questions that wait at a shell for their answers, by their tickets.

use alloc::vec::Vec;

use crate::io::LinkId;
use crate::link::{crowded_out, link_of};
use crate::wire::frame::ENTRY;

/// What stands before the way back in a ticket: from, how long it waits, its number, and how many links.
const HEAD: usize = 32 + 4 + 4 + 1;

/// Which of these tickets, which stand as they came, gives way to another one where there is no room for all: the newest of the link by which most came, if that has
/// more of them than the link of `ticket` would have then. `None` where that is refused.
pub fn surplus(open: &[&[u8]], ticket: &[u8]) -> Option<usize> {
    let links: Vec<Option<LinkId>> = open.iter().map(|ticket| by(ticket)).collect();
    crowded_out(&links, by(ticket))
}

/// The link by which a question came, as the last entry of the way back has it; `None` of one of this node itself.
fn by(ticket: &[u8]) -> Option<LinkId> {
    link_of(ticket.get(HEAD..)?.last_chunk::<ENTRY>()?)
}
