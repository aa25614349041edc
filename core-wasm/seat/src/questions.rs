//! Questions of others that a module has not answered yet.

use alloc::vec::Vec;

use tabmesh_engine::wire::frame::ENTRY;
use tabmesh_port::limits::TICKETS_MAX;
use tabmesh_port::{Duration, Instant};

/// What stands before the way back in a ticket: from, how long it waits, its number, and how many links.
const TICKET_HEAD: usize = 32 + 4 + 4 + 1;

/// At most [`TICKETS_MAX`] of them.
#[derive(Default)]
pub(crate) struct Questions {
    list: Vec<Question>,
    last: u32,
}

struct Question {
    number: u32,
    /// Nobody waits for the answer from then on.
    until: Instant,
    /// The way back, as the engine has it.
    ticket: Vec<u8>,
}

impl Questions {
    /// A number for a question that came. Where too many wait, the link by which most of them came gives way: one of its questions, or
    /// this one if it is that link's, or has as many waiting; the second ticket is that of whoever is refused.
    pub(crate) fn add(
        &mut self,
        now: Instant,
        within_ms: u32,
        ticket: Vec<u8>,
    ) -> (Option<u32>, Option<Vec<u8>>) {
        self.list.retain(|question| question.until > now);
        let mut refused = None;
        if self.list.len() >= TICKETS_MAX {
            let open: Vec<&[u8]> = self.list.iter().map(|question| &question.ticket[..]).collect();
            let Some(at) = surplus(&open, &ticket) else { return (None, Some(ticket)) };
            refused = Some(self.list.swap_remove(at).ticket);
        }
        self.last = self.last.wrapping_add(1);
        let until = now + Duration::from_ms(within_ms.into());
        self.list.push(Question { number: self.last, until, ticket });
        (Some(self.last), refused)
    }

    /// The way back of the answer to this one, if anybody still waits for it.
    pub(crate) fn take(&mut self, now: Instant, number: u32) -> Option<Vec<u8>> {
        let at = self.list.iter().position(|question| question.number == number)?;
        let question = self.list.swap_remove(at);
        (question.until > now).then_some(question.ticket)
    }

    /// The ways back of all that are open.
    pub(crate) fn drain(&mut self) -> impl Iterator<Item = Vec<u8>> {
        core::mem::take(&mut self.list).into_iter().map(|question| question.ticket)
    }
}

/// Which of these tickets gives way to another one where there is no room for all: one of the link by which most came, if that has
/// more of them than the link of `ticket` would have then. `None` where that is refused.
pub fn surplus(open: &[&[u8]], ticket: &[u8]) -> Option<usize> {
    let waiting = |link| open.iter().filter(|other| link_of(other) == link).count();
    let most = (0..open.len()).max_by_key(|at| open.get(*at).map(|other| waiting(link_of(other))))?;
    (waiting(link_of(open.get(most)?)) > waiting(link_of(ticket)) + 1).then_some(most)
}

/// The link by which a question came, as the last entry of the way back has it; nothing for one of this node itself.
fn link_of(ticket: &[u8]) -> &[u8] {
    let path = ticket.get(TICKET_HEAD..).unwrap_or(&[]);
    path.last_chunk::<ENTRY>().map_or(&[], |entry| &entry[..2])
}
