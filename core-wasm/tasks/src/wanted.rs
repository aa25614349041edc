//! Pieces that other nodes asked for, and that lie in the shell.

use alloc::vec::Vec;

use tabmesh_port::{NodeId, Status};

use crate::ground::Ground;
use crate::limits::{PIECE_MAX, WANTED_A_PEER, WANTED_MAX};

/// Who waits for the answer to which question.
#[derive(Default)]
pub(crate) struct Wanted(Vec<(u32, NodeId)>);

impl Wanted {
    /// One more waits.
    ///
    /// # Errors
    /// [`TooManyRequests`](Status::TooManyRequests) at the bounds.
    pub(crate) fn add(&mut self, ticket: u32, by: &NodeId) -> Result<(), Status> {
        let own = self.0.iter().filter(|(_, other)| other == by).count();
        if own >= WANTED_A_PEER || self.0.len() >= WANTED_MAX {
            return Err(Status::TooManyRequests);
        }
        self.0.push((ticket, *by));
        Ok(())
    }

    /// The shell gives it.
    ///
    /// # Errors
    /// [`NotFound`](Status::NotFound) where nobody waits for it, [`BadRequest`](Status::BadRequest) where it is too long.
    pub(crate) fn give(
        &mut self,
        ground: &mut Ground,
        ticket: u32,
        status: Status,
        bytes: &[u8],
    ) -> Result<(), Status> {
        if bytes.len() > PIECE_MAX {
            return Err(Status::BadRequest);
        }
        let at = self.0.iter().position(|(of, _)| *of == ticket).ok_or(Status::NotFound)?;
        self.0.swap_remove(at);
        ground.reply(ticket, status, bytes);
        Ok(())
    }
}
