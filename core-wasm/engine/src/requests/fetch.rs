//! Fetching a block: first by routing toward it, then from its likely holders by id.

use alloc::vec::Vec;

use super::course::{Course, LOCAL_PATIENCE, Late};
use crate::ground::{Ground, What};
use crate::id::{BlockHash, NodeId};
use crate::io::LinkId;
use crate::limits::REPLICAS;
use crate::link::Rtt;
use crate::list::List;
use crate::status::Status;
use crate::time::Duration;
use crate::wire::frame::Body;
use crate::wire::named;

/// An answer may take at least so long.
const PATIENCE: Duration = Duration::from_ms(3_000);

/// While blocks arrive, a fetch is given more time so often.
const EXTENSIONS_MAX: u8 = 8;

/// Attempts by routing; then its likely holders are asked.
const ROUTED_MAX: u8 = 2;

#[derive(PartialEq, Eq)]
enum Stage {
    /// A holder is busy.
    Waits,
    Out,
    /// The block came.
    Storing,
}

/// A block that this node wants.
pub(super) struct Fetch {
    /// To hold it: from the peer on this link alone.
    from: Option<LinkId>,
    stage: Stage,
    /// The first 4 bytes of who was asked.
    asked: Vec<u32>,
    /// Somebody has not got it.
    was_answered: bool,
    /// How often it was given more time.
    extended: u8,
}

/// Enough of an id to tell it from the few others that were asked.
fn head(id: &NodeId) -> u32 {
    u32::from_le_bytes(*id.0.first_chunk().unwrap_or(&[0; 4]))
}

impl Fetch {
    pub(super) fn new(from: Option<LinkId>) -> Self {
        Self { from, stage: Stage::Out, asked: Vec::new(), was_answered: false, extended: 0 }
    }

    pub(super) fn is_repair(&self) -> bool {
        self.from.is_some()
    }

    pub(super) fn is_storing(&self) -> bool {
        self.stage == Stage::Storing
    }

    /// Asks the next one; a status where there is none.
    pub(super) fn step(&mut self, ground: &mut Ground, course: &mut Course, trips: &Rtt) -> Option<Status> {
        self.stage = Stage::Out;
        let number = course.set_out(ground.now);
        if self.ask(ground, course, number) {
            course.await_answer(ground, trips, PATIENCE, 0);
            return None;
        }
        Some(match self.was_answered {
            _ if self.is_repair() => Status::TimedOut,
            true => Status::NotFound,
            false if ground.links.ready_count() == 0 => Status::Unavailable,
            false => Status::TimedOut,
        })
    }

    fn ask(&mut self, ground: &mut Ground, course: &mut Course, number: u32) -> bool {
        let hash = &course.found.target;
        let body = Body::Get(BlockHash::at(hash));
        if let Some(link) = self.from {
            let Some(peer) = ground.links.ready(link).filter(|_| course.attempts == 1) else { return false };
            let peer = peer.peer;
            ground.send_request_by(link, number, &peer, true, 0, &body);
            return true;
        }
        if course.attempts <= ROUTED_MAX
            && let Some(link) = ground.next_hop(hash, &ground.id, &course.tried, false)
        {
            course.tried.push(link);
            ground.send_request_by(link, number, hash, false, 0, &body);
            return true;
        }
        for holder in course.found.ids() {
            if self.asked.len() >= REPLICAS * 2 {
                return false;
            }
            if *holder == ground.id || self.asked.contains(&head(holder)) {
                continue;
            }
            self.asked.push(head(holder));
            if ground.send_request(number, holder, true, 0, &body, &[]).is_some() {
                return true;
            }
        }
        false
    }

    /// The block came, or bytes that may be the block. False if the store takes no more.
    pub(super) fn store(&mut self, ground: &mut Ground, course: &mut Course, bytes: &[u8]) -> bool {
        self.stage = Stage::Storing;
        course.wait(ground, LOCAL_PATIENCE);
        ground.store(What::Store, course.number, BlockHash::at(&course.found.target), bytes, self.is_repair())
    }

    /// A holder is busy, and asked again later.
    pub(super) fn wait_for(&mut self, from: &NodeId) {
        self.asked.keep(|asked| *asked != head(from));
        self.stage = Stage::Waits;
    }

    /// Somebody has not got the block, and names who may.
    pub(super) fn on_names(&mut self, ground: &Ground, course: &mut Course, from: &NodeId, bytes: &[u8]) {
        self.was_answered = true;
        self.asked.push(head(from));
        for (id, _) in named::list(bytes).filter(|(id, _)| **id != ground.id).take(REPLICAS) {
            course.found.offer(id);
        }
        // The routing did its work; those it named are next.
        course.attempts = course.attempts.max(ROUTED_MAX);
    }

    /// While blocks arrive it is given more time: what was asked for may be in the queue behind them, and asking others too
    /// would only lengthen it.
    pub(super) fn on_late(&mut self, ground: &mut Ground, course: &mut Course, trips: &Rtt) -> Late {
        if self.is_storing() {
            return Late::Ends(Status::TimedOut);
        }
        let is_flowing = ground.now.since(ground.bulk_heard) < PATIENCE;
        if !is_flowing || self.is_repair() || self.stage != Stage::Out || self.extended >= EXTENSIONS_MAX {
            return Late::Again;
        }
        self.extended += 1;
        course.await_answer(ground, trips, PATIENCE, 0);
        Late::Waits
    }
}
