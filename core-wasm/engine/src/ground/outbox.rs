//! What the shell is asked to do: outputs in their flat form, in the order in which they were wanted.

use alloc::vec::Vec;

use super::shared::Ground;
use crate::io::kinds::output;
use crate::io::{Flat, LinkId, OpId};
use crate::list::copied;
use crate::status::Status;

impl Ground {
    /// Queues the end of an operation.
    #[inline(never)]
    pub(crate) fn done(&mut self, op: OpId, status: Status, holders: u8) {
        self.put_plain(output::DONE, op.0, status as u32 | u32::from(holders) << 16, &[]);
    }

    /// Queues an output that says all by its kind, or is about a link.
    #[inline(never)]
    pub(crate) fn put_kind(&mut self, kind: u32, link: Option<LinkId>) {
        self.put_plain(kind, link.map_or(0, |link| link.word()), 0, &[]);
    }

    /// Queues an output without bytes.
    #[inline(never)]
    pub(crate) fn put_plain(&mut self, kind: u32, number: u32, value: u32, id: &[u8]) {
        self.put(kind, number, value, id, Vec::new());
    }

    /// Queues an output with a copy of `bytes`.
    #[inline(never)]
    pub(crate) fn put_copy(&mut self, kind: u32, number: u32, id: &[u8], bytes: &[u8]) {
        self.put(kind, number, 0, id, copied(bytes));
    }

    /// Queues an output in its flat form; see [`kinds`](crate::io::kinds::output) for what the numbers and bytes are.
    #[inline(never)]
    pub(crate) fn put(&mut self, kind: u32, number: u32, value: u32, id: &[u8], bytes: Vec<u8>) {
        self.outbox.push(Flat { kind, number, value, id: copied(id), bytes });
    }

    /// The next thing to do in its flat form; `None` when there is nothing more until [`Node::wanted_at`](crate::Node::wanted_at).
    pub(crate) fn poll_flat(&mut self) -> Option<&mut Flat> {
        if self.handed_out >= self.outbox.len() {
            // A burst does not keep its room.
            self.outbox = Vec::new();
            self.handed_out = 0;
            return None;
        }
        self.handed_out += 1;
        self.outbox.get_mut(self.handed_out - 1)
    }
}
