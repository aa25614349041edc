//! A block on its way to its holders, or a question to a module of a node.

use super::course::{Course, Late, Trips};
use crate::ground::{BLOCK_FRAME, Ground};
use crate::id::NodeId;
use crate::io::{APPLICATION, LinkId, OpId};
use crate::status::Status;
use crate::time::Duration;

/// An answer may take at least so long.
const PUT_PATIENCE: Duration = Duration::from_ms(9_000);
const PUT_PATIENCE_MAX: Duration = Duration::from_ms(15_000);

/// A block waits so long for room on its first link before another one is tried.
pub(super) const ROOM_PATIENCE: Duration = Duration::from_ms(5_000);

/// How often a block goes out before it is given up, twice to each place: whoever finds its store full at the first time lets
/// the next nearest place the block at the second. No answer counts for both.
pub(super) const PUT_ATTEMPTS_MAX: u8 = 8;
pub(super) const ATTEMPTS_A_PLACE: u8 = 2;

/// What a question is longer by on a link, at most.
pub(super) const MESSAGE_HEAD: usize = 256;

/// A question; it goes once, by the best link, and ends at its deadline.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ask {
    pub(crate) op: OpId,
    /// The asking module, its protocol's version, and what its face takes it for.
    pub(crate) port: u32,
    pub(crate) version: u8,
    pub(crate) kind: u8,
    /// Of its bytes, which the shell has.
    pub(crate) length: u16,
}

/// What leaves.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Cargo {
    Block,
    Ask(Ask),
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// For room on its first link.
    Waits,
    /// Whoever was asked to place a block was busy.
    Pauses,
    /// It is being read, or an answer is awaited.
    Out,
}

/// A block or message on its way.
pub(super) struct Delivery {
    pub(super) cargo: Cargo,
    pub(super) stage: Stage,
    /// A block: how many hold it at least, and how often it was not placed.
    pub(super) holders: u8,
    pub(super) failures: u8,
    /// A block: somebody has no room for it.
    pub(super) met_full: bool,
}

impl Delivery {
    pub(super) fn new(cargo: Cargo) -> Self {
        Self { cargo, stage: Stage::Waits, holders: 0, failures: 0, met_full: false }
    }

    pub(super) fn is_block(&self) -> bool {
        self.cargo == Cargo::Block
    }

    /// A block goes again by another way, once that has room, and until then it waits.
    pub(super) fn on_late(&mut self, ground: &mut Ground, course: &mut Course) -> Late {
        let is_out = self.stage == Stage::Out;
        if !self.is_block() {
            return Late::Ends(if is_out { Status::TimedOut } else { Status::Unavailable });
        }
        self.failures += ATTEMPTS_A_PLACE * u8::from(is_out);
        if self.stage == Stage::Waits {
            self.goes_round(ground, course);
        }
        if self.failures >= PUT_ATTEMPTS_MAX {
            return Late::Ends(self.status(Status::TimedOut));
        }
        self.stage = Stage::Waits;
        course.wait(ground, ROOM_PATIENCE);
        Late::Waits
    }

    /// Its first link has had no room for long: the next one is tried, all of them in turn.
    fn goes_round(&self, ground: &Ground, course: &mut Course) {
        let Some(link) = self.first_hop(ground, &course.found.target, &course.tried) else { return };
        if course.tried.contains(&link) {
            course.tried.clear();
        }
        course.tried.push(link);
    }

    /// How a block ends for which nothing more is done, `last` after the last attempt.
    pub(super) fn status(&self, last: Status) -> Status {
        match last {
            Status::Ok => last,
            _ if self.holders > 0 => Status::Partial,
            _ if self.met_full => Status::NetworkFull,
            _ => last,
        }
    }

    /// Where it goes. A block whose closest node did not place it goes to nodes beside that, by flipping the bits in which the
    /// closest ones differ.
    pub(super) fn place(&self, ground: &Ground, target: &NodeId) -> NodeId {
        match self.failures / ATTEMPTS_A_PLACE {
            0 => *target,
            failures => target.flipped((ground.depth_hint + 2).saturating_sub(failures.into())),
        }
    }

    /// The link by which it leaves; `None` also where this node is the one a message is for. A block leaves even where this node is
    /// the closest to it: the next nearest places it, so that it takes the giver's uplink once.
    pub(super) fn first_hop(&self, ground: &Ground, target: &NodeId, tried: &[LinkId]) -> Option<LinkId> {
        match self.cargo {
            Cargo::Block => {
                let place = self.place(ground, target);
                let hop = |tried: &[LinkId], anyhow| ground.next_hop(&place, &ground.id, tried, anyhow);
                let nearer = hop(tried, false).or_else(|| hop(&[], false));
                nearer.or_else(|| hop(tried, true)).or_else(|| hop(&[], true))
            }
            Cargo::Ask(_) if *target == ground.id => None,
            // Others would read it. The application's questions find their way to whomever a module may hold.
            Cargo::Ask(ask) if ask.port != APPLICATION && ground.holds(target) => ground.links.id_to(target),
            Cargo::Ask(_) => ground.way(target),
        }
    }

    /// A block that nobody answered for goes elsewhere, so that it is not waited for longer each time.
    pub(super) fn await_answer(&self, ground: &mut Ground, course: &mut Course, trips: &Trips) {
        self.wait(ground, course, trips.puts.patience(PUT_PATIENCE).min(PUT_PATIENCE_MAX));
    }

    /// Is waited for no longer than so; a question ends at its own deadline.
    pub(super) fn wait(&self, ground: &mut Ground, course: &mut Course, span: Duration) {
        if self.is_block() {
            course.wait(ground, span);
        }
    }

    /// The port that it is a question of.
    pub(super) fn port(&self) -> Option<u32> {
        if let Cargo::Ask(ask) = self.cargo { Some(ask.port) } else { None }
    }

    /// How long it is on a link, and whose bytes it is.
    pub(super) fn size(&self) -> (usize, Option<OpId>) {
        match self.cargo {
            Cargo::Block => (BLOCK_FRAME, None),
            Cargo::Ask(Ask { op, length, .. }) => (MESSAGE_HEAD + usize::from(length), Some(op)),
        }
    }
}
