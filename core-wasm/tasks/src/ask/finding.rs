//! Looking for executors: everybody who offers is drawn as likely.

use alloc::vec::Vec;

use tabmesh_directory::{Drawing, Spread};
use tabmesh_port::{Duration, Instant, NodeId, Status, Wish};

use crate::ground::{Ground, compute};
use crate::limits::EXECUTORS_MAX;

/// Lists that are looked at have the numbers from here on.
pub(crate) const FIRST_LIST: u32 = 1;

/// How long a list is waited for.
const LIST_MS: u32 = 4_000;

/// Between two looks, twice as long each time that nobody new was found.
const LOOK: Duration = Duration::from_ms(2_000);
const LOOK_MAX: Duration = Duration::from_ms(30_000);

pub(crate) struct Finding {
    pub(crate) depth: u8,
    drawing: Option<Drawing>,
    look_at: Instant,
    wait: Duration,
    candidates: Vec<NodeId>,
}

impl Finding {
    pub(crate) fn new() -> Self {
        Self { depth: 0, drawing: None, look_at: Instant(0), wait: LOOK, candidates: Vec::new() }
    }

    /// Nobody is looked for any more.
    pub(crate) fn rest(&mut self) {
        self.candidates.clear();
        (self.look_at, self.wait) = (Instant(0), LOOK);
    }

    /// Looks, unless it does, has somebody, or looked just now.
    pub(crate) fn go_on(&mut self, ground: &mut Ground) {
        if self.drawing.is_none() && self.candidates.is_empty() && ground.now >= self.look_at {
            let seed = ground.chance();
            self.drawing = Some(Drawing::new(compute(), Spread::All, EXECUTORS_MAX, self.depth, seed));
            self.ask(ground);
        }
    }

    fn ask(&mut self, ground: &mut Ground) {
        while let Some((walk, place)) = self.drawing.as_mut().and_then(Drawing::poll) {
            let op = FIRST_LIST + walk as u32;
            ground.wish(Wish::List { op, place: &place, stays: false, within_ms: LIST_MS });
        }
    }

    /// A list came, or did not; `is_new` says of whom nothing is known.
    pub(crate) fn on_listed(
        &mut self,
        ground: &mut Ground,
        op: u32,
        status: Status,
        ids: &[NodeId],
        is_new: impl Fn(&NodeId) -> bool,
    ) {
        let Some(drawing) = &mut self.drawing else { return };
        drawing.on_listed((op - FIRST_LIST) as usize, status, ids);
        self.ask(ground);
        let Some(mut drawing) = self.drawing.take_if(|drawing| drawing.is_over()) else { return };
        self.depth = drawing.depth();
        self.candidates = drawing.drawn();
        self.candidates.retain(is_new);
        self.wait = if self.candidates.is_empty() { LOOK_MAX.min(Duration(self.wait.0 * 2)) } else { LOOK };
        self.look_at = ground.after(self.wait);
    }

    pub(crate) fn has_candidates(&self) -> bool {
        !self.candidates.is_empty()
    }

    pub(crate) fn next(&mut self) -> Option<NodeId> {
        self.candidates.pop()
    }
}
