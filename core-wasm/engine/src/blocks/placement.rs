//! One block on its way: who holds it, who may yet, and who is left out.

use alloc::vec::Vec;

use crate::ground::{BLOCK_FRAME, Ground, ReplyTo};
use crate::id::NodeId;
use crate::io::LinkId;
use crate::limits::{CANDIDATES, REPLICAS};
use crate::list::List;
use crate::status::Status;
use crate::time::{Duration, Instant, Stamp};

/// A holder has so long to answer; then the next nearest gets the block too. It counts if it answers after all.
pub(super) const HOLDER_PATIENCE: Duration = Duration::from_ms(2_000);

/// A holder's link has so long to make room for the block; then the next nearest gets it too.
const ROOM_PATIENCE: Duration = Duration::from_ms(4_000);

/// A busy holder is asked again after this.
pub(super) const BUSY: Duration = Duration::from_ms(300);

/// A holder whose store is full or broken is left out for so long, and a silent one.
const NO_STORE_FOR: Duration = Duration::from_ms(60_000);
const SILENT_FOR: Duration = Duration::from_ms(5_000);

/// Those that hold a block, may yet, or are silent.
const HOLDERS_MAX: usize = REPLICAS + 2;

/// Whom the count is for.
pub(super) enum Asker {
    /// Another node.
    Remote(ReplyTo),
    /// This node's own request of this number.
    Own(u32),
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// Gets the block once its link has room, for which it waits since then.
    Waiting(Stamp),
    /// Its link has had no room for long: the next nearest gets the block too.
    Slow,
    /// It was busy then, and is asked again a little later.
    Busy(Stamp),
    /// It got the block then.
    Sent(Stamp),
    /// It did not answer in time.
    Silent,
    Holds,
}

/// Somebody who may hold the block.
pub(super) struct Holder {
    pub(super) id: NodeId,
    pub(super) step: Step,
}

/// One block on its way to its holders.
pub(super) struct Placement {
    pub(super) token: u32,
    pub(super) asker: Asker,
    pub(super) hash: NodeId,
    pub(super) holders: Vec<Holder>,
    /// This node, which is not the giver, holds it.
    pub(super) is_held: bool,
    /// The store of somebody takes it not.
    pub(super) met_full: bool,
    pub(super) is_loading: bool,
    pub(super) deadline: Instant,
}

impl Holder {
    pub(super) fn is_open(&self) -> bool {
        matches!(self.step, Step::Waiting(_) | Step::Busy(_) | Step::Sent(_))
    }

    /// Whether it takes the block now; then by which link.
    pub(super) fn takes(&self, ground: &Ground) -> Option<LinkId> {
        if !matches!(self.step, Step::Waiting(_) | Step::Slow) {
            return None;
        }
        let link = ground.way(&self.id)?;
        ground.takes_bulk(link, BLOCK_FRAME).then_some(link)
    }

    /// When something is to be done about it, if it does nothing.
    pub(super) fn due(&self, now: Instant) -> Option<Instant> {
        let (since, span) = match self.step {
            Step::Busy(since) => (since, BUSY),
            Step::Waiting(since) => (since, ROOM_PATIENCE),
            Step::Sent(since) => (since, HOLDER_PATIENCE),
            _ => return None,
        };
        Some(now + span.minus(since.age(now)))
    }
}

impl Placement {
    /// The link by which it came; none for this node's own.
    pub(super) fn link(&self) -> Option<LinkId> {
        match &self.asker {
            Asker::Remote(reply) => reply.link(),
            Asker::Own(_) => None,
        }
    }

    /// Who has the block anyway, and is not counted.
    pub(super) fn giver(&self, own: &NodeId) -> NodeId {
        match &self.asker {
            Asker::Remote(reply) => reply.origin,
            Asker::Own(_) => *own,
        }
    }

    /// How many hold it beside its giver.
    pub(super) fn held(&self) -> usize {
        let holders = self.holders.iter().filter(|holder| holder.step == Step::Holds);
        usize::from(self.is_held) + holders.count()
    }

    pub(super) fn holder(&mut self, id: &NodeId) -> Option<&mut Holder> {
        self.holders.iter_mut().find(|holder| holder.id == *id)
    }

    /// Takes in the next nearest, until enough hold it or may yet.
    pub(super) fn refill(&mut self, ground: &Ground, failing: &Failing) {
        let mut count = self.held() + self.holders.iter().filter(|holder| holder.is_open()).count();
        let giver = self.giver(&ground.id);
        for id in ground.nearest_alive(&self.hash, CANDIDATES).ids() {
            if *id == ground.id || *id == giver || count >= REPLICAS || self.holder(id).is_some() {
                continue;
            }
            match failing.why(id, ground.now) {
                Some(why) => self.met_full |= why == Why::Store,
                None => {
                    self.add(id, ground.now);
                    count += 1;
                }
            }
        }
    }

    /// At the bound the first of the silent and slow ones makes room.
    pub(super) fn add(&mut self, id: &NodeId, now: Instant) {
        if self.holders.len() >= HOLDERS_MAX
            && let Some(place) =
                self.holders.iter().position(|holder| matches!(holder.step, Step::Silent | Step::Slow))
        {
            self.holders.remove(place);
        }
        // No more than is needed: this table is the largest of its machine.
        self.holders.push(Holder { id: *id, step: Step::Waiting(Stamp::of(now)) });
    }

    pub(super) fn remove(&mut self, id: &NodeId) {
        self.holders.keep(|holder| holder.id != *id);
    }

    pub(super) fn is_done(&self) -> bool {
        self.held() >= REPLICAS || self.holders.iter().all(|holder| holder.step == Step::Holds)
    }

    /// How it ended, if not by a failure: of those that should hold it and are known here, all do or only some.
    pub(super) fn status(&self, ground: &Ground) -> Status {
        let (held, giver) = (self.held(), self.giver(&ground.id));
        let nearest = ground.nearest_alive(&self.hash, REPLICAS + 1);
        let wanted = nearest.ids().iter().filter(|id| **id != giver).count().min(REPLICAS);
        match held {
            0 if self.met_full => Status::NetworkFull,
            0 => Status::Partial,
            _ if held < wanted => Status::Partial,
            _ => Status::Ok,
        }
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
            self.0.remove(0);
        }
        self.0.push((*id, why, now + if why == Why::Store { NO_STORE_FOR } else { SILENT_FOR }));
    }

    pub(super) fn remove(&mut self, id: &NodeId) {
        self.0.keep(|(failing, ..)| failing != id);
    }
}
