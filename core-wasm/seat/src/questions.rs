//! Questions of others that a module has not answered yet.

use alloc::vec::Vec;

use tabmesh_engine::surplus;
use tabmesh_port::limits::TICKETS_MAX;
use tabmesh_port::{Duration, Instant};

use crate::numbers::MODULES;

/// At most [`TICKETS_MAX`] of them, as they came.
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
            refused = Some(self.list.remove(at).ticket);
        }
        self.last = self.last.wrapping_add(1) & !MODULES;
        let until = now + Duration::from_ms(within_ms.into());
        self.list.push(Question { number: self.last, until, ticket });
        (Some(self.last), refused)
    }

    /// The way back of the answer to this one, if anybody still waits for it.
    pub(crate) fn take(&mut self, now: Instant, number: u32) -> Option<Vec<u8>> {
        let at = self.list.iter().position(|question| question.number == number)?;
        let question = self.list.remove(at);
        (question.until > now).then_some(question.ticket)
    }

    /// The ways back of all that are open.
    pub(crate) fn drain(&mut self) -> impl Iterator<Item = Vec<u8>> {
        core::mem::take(&mut self.list).into_iter().map(|question| question.ticket)
    }
}

#[cfg(test)]
mod tests {
    //! Where there are too many the newest of whoever brought most gives way, whichever were answered before.

    use super::*;

    const NOW: Instant = Instant(0);

    /// As the engine has it: the last entry of the way back names the link.
    fn ticket(number: u8, link: u8) -> Vec<u8> {
        [&[number; 40][..], &[1, 0, link, 0, 0, 0, 0]].concat()
    }

    #[test]
    fn the_newest_gives_way() {
        let mut questions = Questions::default();
        for number in 0..TICKETS_MAX as u8 {
            assert_eq!(questions.add(NOW, 1_000, ticket(number, 7)).1, None);
        }
        assert_eq!(questions.take(NOW, 1), Some(ticket(0, 7)));
        assert_eq!(questions.add(NOW, 1_000, ticket(100, 8)).1, None);
        let last = TICKETS_MAX as u8 - 1;
        assert_eq!(questions.add(NOW, 1_000, ticket(101, 8)).1, Some(ticket(last, 7)));
    }
}
