//! Taking part in something: standing on a list, and coming again in time.

use tabmesh_port::{Duration, Instant, NodeId, Status};

use crate::place::{DEPTH_MAX, Spread, place};

/// Entries last two minutes; whoever stands on a list comes again after so long, give or take an eighth.
pub const RENEWED_MS: u64 = 80_000;

/// One time in so many it tries the list above: who left there made room.
const TRIES_ABOVE: u32 = 3;

/// A full list below which there is none is asked again after so long.
const FULL_MS: u64 = 60_000;

/// A list that could not be reached is asked again after so long, twice as long each time, four times at most.
const LOST_MS: u64 = 3_000;
const LOST_DOUBLINGS: u32 = 4;

/// One key under which a node takes part.
#[derive(Clone, Debug)]
pub struct Announcing {
    own: NodeId,
    key: NodeId,
    spread: Spread,
    depth: u8,
    step: Step,
    is_listed: bool,
    renewals: u32,
    /// When it comes to a list again; [`Instant::NEVER`] while one is under way.
    due: Instant,
    lost: u32,
}

/// What the next list is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Step {
    /// It is looked at: the first one with room is sought. `is_full_above` where the one above is known to have none.
    Look { is_full_above: bool },
    /// To stand on it.
    Stay,
    /// To stand on it instead of the one below.
    Climb,
}

impl Announcing {
    /// A node takes part from now on; `depth` is where a tree is looked at first ([`likely_depth`](crate::likely_depth), or where it
    /// stood before).
    pub fn new(now: Instant, own: NodeId, key: NodeId, spread: Spread, depth: u8) -> Self {
        let (depth, step) = match spread {
            Spread::All => (depth.min(DEPTH_MAX), Step::Look { is_full_above: false }),
            Spread::Few => (0, Step::Stay),
        };
        Self { own, key, spread, depth, step, is_listed: false, renewals: 0, due: now, lost: 0 }
    }

    /// The list that is wanted now, and whether to stay on it: [`Wish::List`](tabmesh_port::Wish::List). What comes of it
    /// goes to [`Announcing::on_listed`].
    pub fn poll(&mut self, now: Instant) -> Option<(NodeId, bool)> {
        if now < self.due {
            return None;
        }
        self.due = Instant::NEVER;
        Some((place(&self.key, &self.own, self.depth), !matches!(self.step, Step::Look { .. })))
    }

    /// When [`Announcing::poll`] has something again, unless a list is under way.
    pub fn wanted_at(&self) -> Instant {
        self.due
    }

    /// Whether it stands on a list, as far as known.
    pub fn is_listed(&self) -> bool {
        self.is_listed
    }

    /// How deep in the tree it stands, or looks.
    pub fn depth(&self) -> u8 {
        self.depth
    }

    /// How the list that was wanted ended.
    pub fn on_listed(&mut self, now: Instant, status: Status) {
        self.due = now;
        let is_full = match status {
            Status::Ok => false,
            Status::Partial => true,
            _ => return self.on_lost(now),
        };
        self.lost = 0;
        match self.step {
            Step::Look { .. } if is_full => self.go_down(Step::Look { is_full_above: true }),
            Step::Look { is_full_above } if is_full_above || self.depth == 0 => self.step = Step::Stay,
            Step::Look { .. } => {
                self.depth -= 1;
                // Whatever is full above, there is room below.
                self.step = Step::Look { is_full_above: false };
            }
            Step::Climb if is_full => self.go_down(Step::Stay),
            Step::Stay if is_full && self.spread == Spread::All => self.go_down(Step::Stay),
            Step::Stay if is_full => self.wait_for_room(),
            Step::Stay | Step::Climb => self.on_stays(now),
        }
    }

    fn on_stays(&mut self, now: Instant) {
        // Where there was room above, there may be more of it further up.
        let climbs_on = self.step == Step::Climb && self.depth > 0;
        self.is_listed = true;
        self.renewals += 1;
        self.step = Step::Stay;
        if !climbs_on {
            self.due = now + self.about(RENEWED_MS);
        }
        if climbs_on || self.depth > 0 && self.renewals.is_multiple_of(TRIES_ABOVE) {
            self.depth -= 1;
            self.step = Step::Climb;
        }
    }

    fn go_down(&mut self, step: Step) {
        self.step = step;
        if self.depth < DEPTH_MAX {
            self.depth += 1;
        } else {
            // So many of one prefix there are not: somebody lies.
            self.wait_for_room();
        }
    }

    fn wait_for_room(&mut self) {
        self.is_listed = false;
        self.due = self.due + self.about(FULL_MS);
    }

    fn on_lost(&mut self, now: Instant) {
        self.due = now + self.about(LOST_MS << self.lost.min(LOST_DOUBLINGS));
        self.lost += 1;
    }

    /// So many milliseconds, give or take an eighth by the own id: those of one list do not come all at once.
    fn about(&self, ms: u64) -> Duration {
        let [.., share] = self.own.0;
        Duration::from_ms(ms * 7 / 8 + ms * u64::from(share) / 1_024)
    }
}
