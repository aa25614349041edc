//! One block on its way: who holds it, who may yet, and who is left out.

use alloc::vec::Vec;

use crate::ground::{BLOCK_FRAME, Ground, ReplyTo};
use crate::id::{BlockHash, NodeId};
use crate::io::LinkId;
use crate::limits::{CANDIDATES, REPLICAS};
use crate::list::List;
use crate::status::Status;
use crate::time::{Duration, Instant};

/// A holder has so long to answer; then the next nearest gets the block too. It counts if it answers after all.
pub(super) const HOLDER_PATIENCE: Duration = Duration::from_ms(2_000);

/// A holder's link has so long to make room for the block; then the next nearest gets it too.
pub(super) const ROOM_PATIENCE: Duration = Duration::from_ms(4_000);

/// A busy holder is asked again after this.
pub(super) const BUSY: Duration = Duration::from_ms(300);

/// A holder whose store is full or broken is left out for so long, and a silent one.
const NO_STORE_FOR: Duration = Duration::from_ms(60_000);
const SILENT_FOR: Duration = Duration::from_ms(5_000);

/// Those that hold a block, may yet, or are silent.
const HOLDERS_MAX: usize = REPLICAS + 2;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// Gets the block once its link has room.
    Waiting,
    /// Its link has had no room for long: the next nearest gets the block too.
    Slow,
    /// It was busy, and is asked again a little later.
    Busy,
    /// It got the block.
    Sent,
    /// It did not answer in time.
    Silent,
    Holds,
}

/// Somebody who may hold the block.
#[derive(Clone, Copy)]
pub(super) struct Holder {
    pub(super) id: NodeId,
    pub(super) step: Step,
    /// The number of what it was sent, which nobody else knows; 0 before that.
    pub(super) number: u32,
    /// When the step is over, if nothing happens.
    pub(super) due: Instant,
}

/// One block on its way to its holders.
pub(super) struct Placement {
    pub(super) token: u32,
    /// Whom the count is for.
    pub(super) reply: ReplyTo,
    pub(super) hash: BlockHash,
    pub(super) holders: Vec<Holder>,
    /// This node, which is not the giver, holds it.
    pub(super) is_held: bool,
    pub(super) is_loading: bool,
    pub(super) deadline: Instant,
}

impl Holder {
    pub(super) fn is_open(&self) -> bool {
        matches!(self.step, Step::Waiting | Step::Busy | Step::Sent)
    }

    /// Whether it takes the block now; then by which link.
    pub(super) fn takes(&self, ground: &Ground) -> Option<LinkId> {
        if matches!(self.step, Step::Waiting | Step::Slow) { way_with_room(ground, &self.id) } else { None }
    }

    /// The step is over after `span`.
    pub(super) fn begin(&mut self, ground: &mut Ground, step: Step, span: Duration) {
        self.step = step;
        self.due = ground.due_in(span);
    }

    /// Nothing is due any more.
    pub(super) fn rest(&mut self, step: Step) {
        self.step = step;
        self.due = Instant::NEVER;
    }
}

/// The link toward a node, if it takes a block now.
#[inline(never)]
pub(super) fn way_with_room(ground: &Ground, id: &NodeId) -> Option<LinkId> {
    ground.way(id).filter(|link| ground.takes_bulk(*link, BLOCK_FRAME, false))
}

impl Placement {
    /// How many hold it beside its giver.
    pub(super) fn held(&self) -> usize {
        let holders = self.holders.iter().filter(|holder| holder.step == Step::Holds);
        usize::from(self.is_held) + holders.count()
    }

    pub(super) fn holder(&mut self, id: &NodeId) -> Option<&mut Holder> {
        self.holders.iter_mut().find(|holder| holder.id == *id)
    }

    /// Takes in the next nearest, until enough hold it or may yet.
    pub(super) fn refill(&mut self, ground: &mut Ground, failing: &Failing) {
        let mut count = self.held() + self.holders.iter().filter(|holder| holder.is_open()).count();
        for id in ground.nearest_alive(self.hash.place(), CANDIDATES + 1).ids() {
            if *id == ground.id || *id == self.reply.origin || count >= REPLICAS || self.holder(id).is_some()
            {
                continue;
            }
            if failing.why(id, ground.now).is_none() {
                self.add(ground, id);
                count += 1;
            }
        }
    }

    /// At the bound the first of the silent and slow ones makes room.
    pub(super) fn add(&mut self, ground: &mut Ground, id: &NodeId) {
        if self.holders.len() >= HOLDERS_MAX
            && let Some(place) =
                self.holders.iter().position(|holder| matches!(holder.step, Step::Silent | Step::Slow))
        {
            self.holders.drop_at(place);
        }
        let mut holder = Holder { id: *id, step: Step::Waiting, number: 0, due: Instant::NEVER };
        holder.begin(ground, Step::Waiting, ROOM_PATIENCE);
        self.holders.push(holder);
    }

    pub(super) fn remove(&mut self, id: &NodeId) {
        self.holders.keep(|holder| holder.id != *id);
    }

    pub(super) fn is_done(&self) -> bool {
        self.held() >= REPLICAS || self.holders.iter().all(|holder| holder.step == Step::Holds)
    }

    /// How it ended, if not by a failure: of those that should hold it and are known here, all do or only some.
    pub(super) fn status(&self, ground: &Ground) -> Status {
        let held = self.held();
        let nearest = ground.nearest_alive(self.hash.place(), REPLICAS + 1);
        let wanted = nearest.ids().iter().filter(|id| **id != self.reply.origin).count().min(REPLICAS);
        if held < wanted { Status::Partial } else { Status::Ok }
    }
}

/// Those that could not hold a block not long ago, each until when it is left out. At most [`CANDIDATES`]; beyond, the first
/// makes room.
#[derive(Default)]
pub(super) struct Failing(Vec<(NodeId, Why, Instant)>);

/// Why somebody is left out.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Why {
    /// Its store takes nothing.
    Store,
    /// It is silent, or not there.
    Silent,
}

impl Failing {
    pub(super) fn why(&self, id: &NodeId, now: Instant) -> Option<Why> {
        let (_, why, until) = self.0.iter().find(|(failing, ..)| failing == id)?;
        (now < *until).then_some(*why)
    }

    pub(super) fn add(&mut self, id: &NodeId, why: Why, now: Instant) {
        self.remove(id);
        if self.0.len() >= CANDIDATES {
            self.0.drop_at(0);
        }
        self.0.push((*id, why, now + if why == Why::Store { NO_STORE_FOR } else { SILENT_FOR }));
    }

    pub(super) fn remove(&mut self, id: &NodeId) {
        self.0.keep(|(failing, ..)| failing != id);
    }
}
