//! Pieces that come and go beside batches: outputs that did not come with their outcomes, what steps left, and inputs that did not go with their batch.

use tabmesh_port::{NodeId, Status};

use super::assignment::{Assignment, Stage};
use super::requester::{Fetch, Requester};
use crate::face::Event;
use crate::ground::Ground;
use crate::limits::{FETCHES_MAX, MODULE_INDEX, WANTED_A_PEER};
use crate::wire::{Nonce, Question};

/// How long a piece is waited for.
const PIECE_MS: u32 = 20_000;

impl Requester {
    pub(crate) fn begin_fetch(
        &mut self,
        fetch: u32,
        executor: &NodeId,
        nonce: &Nonce,
        question: Question<'_>,
    ) -> Result<(), Status> {
        if self.fetches.iter().any(|other| other.fetch == fetch) {
            return Err(Status::BadRequest);
        }
        if self.fetches.len() >= FETCHES_MAX {
            return Err(Status::TooManyRequests);
        }
        self.fetches.push(Fetch { op: None, fetch, executor: *executor, question: question.emit(nonce) });
        Ok(())
    }

    /// Asks for pieces, as there is room.
    pub(crate) fn fetch(&mut self, ground: &mut Ground) {
        while let Some(at) = self.next_fetch()
            && let Some(fetch) = self.fetches.get_mut(at)
        {
            fetch.op = Some(ground.ask(&fetch.executor, PIECE_MS, &fetch.question));
        }
    }

    /// The oldest of whoever has fewest under way. Some half of all questions is left to batches: executors that let pieces wait
    /// would hold up everything.
    fn next_fetch(&self) -> Option<usize> {
        let asked = |from: Option<&NodeId>| {
            let asked = self.fetches.iter().filter(|fetch| fetch.op.is_some());
            asked.filter(|fetch| from.is_none_or(|from| fetch.executor == *from)).count()
        };
        let waiting = self.fetches.iter().enumerate().filter(|(_, fetch)| fetch.op.is_none());
        let (own, at) = waiting.map(|(at, fetch)| (asked(Some(&fetch.executor)), at)).min()?;
        let has_room = asked(None) + own.min(1) <= self.asks_max / 2 && own < WANTED_A_PEER;
        (has_room && self.has_question()).then_some(at)
    }

    /// A piece came, or did not; whether one was asked for.
    pub(crate) fn on_fetched(
        &mut self,
        ground: &mut Ground,
        op: u32,
        from: &NodeId,
        status: Status,
        bytes: &[u8],
    ) -> bool {
        let is_it = |fetch: &Fetch| fetch.op == Some(op) && fetch.executor == *from;
        let Some(at) = self.fetches.iter().position(is_it) else { return false };
        let fetch = self.fetches.remove(at).fetch;
        ground.emit(&Event::Fetched { fetch, status, bytes });
        true
    }

    /// An executor wants a piece of an input of the batch that it has, or of its module.
    ///
    /// # Errors
    /// [`NotFound`](Status::NotFound) where it has no such batch, [`BadRequest`](Status::BadRequest) where that has no such input,
    /// [`TooManyRequests`](Status::TooManyRequests) at the bounds.
    pub(crate) fn on_fetch(
        &mut self,
        ground: &mut Ground,
        (from, ticket): (&NodeId, u32),
        nonce: &Nonce,
        (index, offset): (u16, u32),
    ) -> Result<(), Status> {
        let is_it =
            |one: &&mut Assignment| one.nonce == *nonce && one.to == *from && one.stage != Stage::Packing;
        let assignment = self.assignments.iter_mut().find(is_it).ok_or(Status::NotFound)?;
        if index != MODULE_INDEX && usize::from(index) >= assignment.slots.len() {
            return Err(Status::BadRequest);
        }
        self.wanted.add(ticket, from)?;
        assignment.heard_at = ground.now;
        ground.emit(&Event::WantInput { ticket, assignment: assignment.number, index, offset });
        Ok(())
    }
}
