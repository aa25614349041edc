//! Outputs that requesters fetch, and steps that they ask about: they lie in the shell.

use tabmesh_port::{NodeId, Status};

use super::executor::Executor;
use crate::bisect::Ask;
use crate::face::Event;
use crate::ground::Ground;
use crate::wire::Nonce;

impl Executor {
    /// A requester wants a piece of an output of its own batch.
    ///
    /// # Errors
    /// [`NotFound`](Status::NotFound) where there is none, [`TooManyRequests`](Status::TooManyRequests) at the bound.
    pub(crate) fn on_fetch(
        &mut self,
        ground: &mut Ground,
        (from, ticket): (&NodeId, u32),
        nonce: &Nonce,
        (index, offset): (u16, u32),
    ) -> Result<(), Status> {
        let served = self.find(from, nonce).ok_or(Status::NotFound)?;
        let ran = served.ran.get(usize::from(index)).and_then(Option::as_ref).ok_or(Status::NotFound)?;
        if offset >= ran.outcome.length {
            return Err(Status::BadRequest);
        }
        let assignment = served.number;
        self.wanted.add(ticket, from)?;
        ground.emit(&Event::Want { ticket, assignment, index, offset });
        Ok(())
    }

    /// A requester asks about the steps of a task of its own batch.
    ///
    /// # Errors
    /// [`NotFound`](Status::NotFound) where there are none, [`TooManyRequests`](Status::TooManyRequests) at the bound.
    pub(crate) fn on_steps(
        &mut self,
        ground: &mut Ground,
        (from, ticket): (&NodeId, u32),
        nonce: &Nonce,
        (index, ask): (u16, Ask),
    ) -> Result<(), Status> {
        let served = self.find(from, nonce).ok_or(Status::NotFound)?;
        let ran = served.ran.get(usize::from(index)).and_then(Option::as_ref).ok_or(Status::NotFound)?;
        if !ran.outcome.has_steps() {
            return Err(Status::NotFound);
        }
        let assignment = served.number;
        self.wanted.add(ticket, from)?;
        ground.emit(&Event::WantSteps { ticket, assignment, index, ask });
        Ok(())
    }
}
