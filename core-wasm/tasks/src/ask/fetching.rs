//! Outputs that did not come with their outcomes.

use tabmesh_port::{NodeId, Status};

use super::requester::{Fetch, Requester};
use crate::face::Event;
use crate::ground::Ground;
use crate::limits::{ASKS_ASKING, FETCHES_MAX};
use crate::wire::{Nonce, Question};

/// How long a piece is waited for.
const PIECE_MS: u32 = 20_000;

impl Requester {
    pub(crate) fn begin_fetch(
        &mut self,
        fetch: u32,
        executor: &NodeId,
        nonce: &Nonce,
        (index, offset): (u16, u32),
    ) -> Result<(), Status> {
        if self.fetches.iter().any(|other| other.fetch == fetch) {
            return Err(Status::BadRequest);
        }
        if self.fetches.len() >= FETCHES_MAX {
            return Err(Status::TooManyRequests);
        }
        self.fetches.push(Fetch { op: None, fetch, executor: *executor, nonce: *nonce, index, offset });
        Ok(())
    }

    /// Asks for pieces, as there is room.
    pub(crate) fn fetch(&mut self, ground: &mut Ground) {
        let room = ASKS_ASKING.saturating_sub(self.asked());
        for fetch in self.fetches.iter_mut().filter(|fetch| fetch.op.is_none()).take(room) {
            let question = Question::Fetch { index: fetch.index, offset: fetch.offset };
            fetch.op = Some(ground.ask(&fetch.executor, PIECE_MS, &question.emit(&fetch.nonce)));
        }
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
        let fetch = self.fetches.swap_remove(at).fetch;
        ground.emit(&Event::Fetched { fetch, status, bytes });
        true
    }
}
