//! Blocks for others: read from the store when their link has room.

use super::{Blocks, Pending};
use crate::ground::{BLOCK_FRAME, Ground, Owner, ReplyTo};
use crate::id::NodeId;
use crate::io::LinkId;
use crate::limits::SERVES_MAX;
use crate::status::Status;
use crate::wire::frame::{Body, ENTRY, Frame, Routed};

/// Of these at most so many wait for one link, so that a slow peer slows only itself.
const SERVES_A_LINK: usize = 12;

/// A block that somebody asked for.
pub(super) struct Serve {
    number: u32,
    reply: ReplyTo,
    hash: NodeId,
    exact: bool,
    is_loading: bool,
}

impl Blocks {
    /// Answers with a block once it is read and its link has room.
    pub(crate) fn serve(&mut self, ground: &mut Ground, reply: ReplyTo, hash: &NodeId, exact: bool) {
        let link = reply.link();
        let on_link = self.serves.iter().filter(|serve| serve.reply.link() == link).count();
        if self.serves.len() >= SERVES_MAX || on_link >= SERVES_A_LINK {
            return ground.answer(&reply, Status::TooManyRequests, &[]);
        }
        ground.last_job = ground.last_job.wrapping_add(1);
        self.serves.push(Serve { number: ground.last_job, reply, hash: *hash, exact, is_loading: false });
    }

    pub(super) fn pump_serves(&mut self, ground: &mut Ground) {
        let mut place = 0;
        while let Some(serve) = self.serves.get(place) {
            place += 1;
            let (number, hash) = (serve.number, serve.hash);
            if serve.is_loading || !self.takes_block(ground, serve.reply.link()) {
                continue;
            }
            if !self.pending.add(ground.load(Owner::Blocks, &hash, None), Pending::LoadServe(number)) {
                return;
            }
            if let Some(serve) = self.serves.get_mut(place - 1) {
                serve.is_loading = true;
            }
        }
    }

    /// Whether the link takes one more block beside those that are being read for it. A link that is gone does: the
    /// answer finds another way.
    fn takes_block(&self, ground: &Ground, id: Option<LinkId>) -> bool {
        let Some(link) = id.and_then(|id| ground.links.ready(id)) else { return true };
        let coming = self.serves.iter().filter(|serve| serve.is_loading && serve.reply.link() == id).count();
        ground.has_room(link, (coming + 1) * BLOCK_FRAME, true)
    }

    pub(super) fn on_serve_loaded(&mut self, ground: &mut Ground, number: u32, block: Option<&[u8]>) {
        let Some(place) = self.serves.iter().position(|serve| serve.number == number) else { return };
        let Serve { reply, hash, exact, .. } = &self.serves.remove(place);
        if let Some(block) = block {
            return ground.answer(reply, Status::Ok, block);
        }
        let next = match (exact, reply.link()) {
            (false, Some(from)) => ground.next_hop(hash, &reply.origin, &[from], false),
            _ => None,
        };
        let Some(next) = next else {
            return ground.answer_with_ids(reply, Status::NotFound, hash);
        };
        let body = Body::Get(hash);
        let routed = Routed {
            reply: false,
            exact: *exact,
            how: 0,
            hops: (reply.path.len() / ENTRY) as u8,
            origin: &reply.origin,
            target: hash,
            request: reply.request,
            path: &reply.path,
            kind: body.kind(),
            payload: &hash.0,
        };
        ground.pass_and_check(reply.link(), next, &Frame::Routed(routed));
    }
}
