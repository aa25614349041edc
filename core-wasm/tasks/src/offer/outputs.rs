//! Outputs that requesters fetch: they lie in the shell.

use tabmesh_port::{NodeId, Status};

use super::executor::Executor;
use crate::face::Event;
use crate::ground::Ground;
use crate::limits::{PIECE_MAX, WANTED_A_PEER};
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
        if self.wanted.iter().filter(|(_, by)| by == from).count() >= WANTED_A_PEER {
            return Err(Status::TooManyRequests);
        }
        self.wanted.push((ticket, *from));
        ground.emit(&Event::Want { ticket, assignment, index, offset });
        Ok(())
    }

    /// The shell gives it.
    ///
    /// # Errors
    /// [`NotFound`](Status::NotFound) where nobody waits for it, [`BadRequest`](Status::BadRequest) where it is too long.
    pub(crate) fn on_give(
        &mut self,
        ground: &mut Ground,
        ticket: u32,
        status: Status,
        bytes: &[u8],
    ) -> Result<(), Status> {
        if bytes.len() > PIECE_MAX {
            return Err(Status::BadRequest);
        }
        let at = self.wanted.iter().position(|(of, _)| *of == ticket).ok_or(Status::NotFound)?;
        self.wanted.swap_remove(at);
        ground.reply(ticket, status, bytes);
        Ok(())
    }
}
