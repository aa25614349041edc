//! Inputs and modules that did not come with their batch: the requester has them.

use tabmesh_port::{NodeId, Status};

use super::executor::Executor;
use super::served::{Fetch, Served};
use crate::face::Event;
use crate::ground::Ground;
use crate::limits::{ASKS_FETCHING, FETCHES_A_BATCH, MODULE_INDEX};
use crate::list::List;
use crate::wire::Question;

/// How long a piece is waited for.
const PIECE_MS: u32 = 10_000;

impl Executor {
    /// The shell wants a piece of an input of a batch that runs.
    ///
    /// # Errors
    /// [`NotFound`](Status::NotFound) where it does not run, [`BadRequest`](Status::BadRequest) where it has no such input or the number is
    /// used, [`TooManyRequests`](Status::TooManyRequests) and [`Forbidden`](Status::Forbidden) at the bounds.
    pub(crate) fn begin_fetch(
        &mut self,
        ground: &mut Ground,
        fetch: u32,
        assignment: u32,
        (index, offset): (u16, u32),
    ) -> Result<(), Status> {
        let is_it = |served: &&Served| served.number == assignment && served.is_running();
        let served = self.served.iter().find(is_it).ok_or(Status::NotFound)?;
        let has_it = index == MODULE_INDEX || usize::from(index) < served.count();
        if !has_it || self.fetches.iter().any(|other| other.fetch == fetch) {
            return Err(Status::BadRequest);
        }
        if self.fetches.iter().filter(|other| other.assignment == assignment).count() >= FETCHES_A_BATCH {
            return Err(Status::TooManyRequests);
        }
        let (from, nonce) = (served.from, served.nonce);
        self.feed(ground, assignment, &from)?;
        self.fetches.push(Fetch { op: None, fetch, assignment, from, nonce, index, offset });
        Ok(())
    }

    /// Asks for pieces, as there is room.
    pub(crate) fn fetch(&mut self, ground: &mut Ground) {
        let Self { fetches, served, .. } = self;
        let runs = |number| served.iter().any(|served| served.number == number && served.is_running());
        let is_gone = |fetch: &Fetch| fetch.op.is_none() && !runs(fetch.assignment);
        while let Some(gone) = fetches.take_first(is_gone) {
            ground.emit(&Event::FetchedInput { fetch: gone.fetch, status: Status::NotFound, bytes: &[] });
        }
        while let Some(at) = self.next_fetch()
            && let Some(fetch) = self.fetches.get_mut(at)
        {
            let question = Question::Fetch { index: fetch.index, offset: fetch.offset };
            fetch.op = Some(ground.ask(&fetch.from, PIECE_MS, &question.emit(&fetch.nonce)));
        }
    }

    /// The oldest of whoever has fewest under way, as long as it may ask for more.
    fn next_fetch(&self) -> Option<usize> {
        let asked = |from: Option<&NodeId>| {
            let asked = self.fetches.iter().filter(|fetch| fetch.op.is_some());
            asked.filter(|fetch| from.is_none_or(|from| fetch.from == *from)).count()
        };
        let waiting = self.fetches.iter().enumerate().filter(|(_, fetch)| fetch.op.is_none());
        let (own, at) = waiting.map(|(at, fetch)| (asked(Some(&fetch.from)), at)).min()?;
        (asked(None) + own.min(1) < ASKS_FETCHING).then_some(at)
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
        let is_it = |fetch: &Fetch| fetch.op == Some(op) && fetch.from == *from;
        let Some(assignment) = self.fetches.iter().find(|fetch| is_it(fetch)).map(|fetch| fetch.assignment)
        else {
            return false;
        };
        self.charge(ground.now, assignment);
        let was_at_work =
            self.served.iter().any(|served| served.number == assignment && served.at_work(&self.fetches) > 0);
        let Some(Fetch { fetch, .. }) = self.fetches.take_first(is_it) else { return false };
        ground.emit(&Event::FetchedInput { fetch, status, bytes });
        self.on_fed(ground, assignment, status, bytes.len(), was_at_work);
        true
    }
}
