//! Blocks for others: read from the store when their link has room.

use alloc::vec::Vec;

use super::tables::{Blocks, Serve};
use crate::ground::{BLOCK_FRAME, Ground, ReplyTo, What};
use crate::id::BlockHash;
use crate::limits::SERVES_MAX;
use crate::link::crowded_out;
use crate::status::Status;
use crate::time::Duration;
use crate::wire::frame::Body;

/// A serve that waited so long for room on its link, or for the store, is over: who asked has asked others by then.
const SERVE_TIMEOUT: Duration = Duration::from_ms(10_000);

impl Blocks {
    /// Answers with a block once it is read and its link has room.
    pub(crate) fn serve(&mut self, ground: &mut Ground, reply: ReplyTo, hash: &BlockHash, exact: bool) {
        if self.serves.len() >= SERVES_MAX {
            let mut links = Vec::new();
            for serve in &self.serves {
                links.push(serve.reply.link());
            }
            let Some(place) = crowded_out(&links, reply.link()) else {
                return ground.answer(&reply, Status::TooManyRequests, &[]);
            };
            self.refuse(ground, place);
        }
        self.last_serve = self.last_serve.wrapping_add(1);
        let deadline = ground.due_in(SERVE_TIMEOUT);
        let number = self.last_serve;
        self.serves.push(Serve { number, reply, hash: *hash, exact, is_loading: false, deadline });
    }

    fn refuse(&mut self, ground: &mut Ground, place: usize) {
        let serve = self.serves.remove(place);
        ground.answer(&serve.reply, Status::TooManyRequests, &[]);
    }

    /// Ends the serves that took too long.
    pub(super) fn on_serve_deadlines(&mut self, ground: &mut Ground) {
        while let Some(place) = self.serves.iter().position(|serve| serve.deadline <= ground.now) {
            self.refuse(ground, place);
        }
        for serve in &self.serves {
            ground.arm(serve.deadline);
        }
    }

    pub(super) fn pump_serves(&mut self, ground: &mut Ground) {
        let mut place = 0;
        while let Some(serve) = self.serves.get(place) {
            place += 1;
            let (number, hash) = (serve.number, serve.hash);
            let link = serve.reply.link();
            if serve.is_loading || link.is_some_and(|link| !ground.takes_bulk(link, BLOCK_FRAME, false)) {
                continue;
            }
            if !ground.load(What::LoadServe, number, &hash, None, link) {
                return;
            }
            if let Some(serve) = self.serves.get_mut(place - 1) {
                serve.is_loading = true;
            }
        }
    }

    pub(super) fn on_serve_loaded(&mut self, ground: &mut Ground, number: u32, block: Option<&[u8]>) {
        let Some(place) = self.serves.iter().position(|serve| serve.number == number) else { return };
        let Serve { reply, hash, exact, .. } = &self.serves.remove(place);
        if let Some(block) = block {
            return ground.answer(reply, Status::Ok, block);
        }
        let next = match (exact, reply.link()) {
            (false, Some(from)) => ground.next_hop(hash.place(), &reply.origin, &[from], false),
            _ => None,
        };
        let Some(next) = next else {
            return ground.answer_with_ids(reply, Status::NotFound, hash.place());
        };
        ground.pass_request(next, reply, hash.place(), *exact, &Body::Get(hash));
    }
}
