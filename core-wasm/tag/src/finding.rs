//! Standing on one of the tag's lists, and looking who else does.
//!
//! One list alone would be that of whoever filled it first. So they are a tree, and whoever found no room on the first list draws from all
//! of them; who stands on the first one looks at that, and is drawn by the others.

use alloc::vec::Vec;

use tabmesh_directory::{Announcing, Drawing, Spread};
use tabmesh_port::{Instant, NodeId, Port, Status, Wish, Writer, sha256};

use crate::ground::Ground;
use crate::limits::{DRAWN, FEW, LOOK_MS_MAX, LOOK_MS_MIN};

/// The numbers under which lists are asked for: to stand on it, and from there on to look.
const OWN: u32 = 0;
const LOOK: u32 = 1;

/// How long a list is waited for.
const WITHIN_MS: u32 = 5_000;

pub(crate) struct Finding {
    key: NodeId,
    announcing: Announcing,
    drawing: Option<Drawing>,
    /// When it looks again: not before it came to the list itself.
    look_at: Instant,
    wait_ms: u64,
    /// When the time to the next look may be short again.
    calm_at: Instant,
    /// How deep the tree was the last time.
    depth: u8,
    had_enough: bool,
}

/// Where members of the tag at this port are listed: SHA-256(`"tabmesh tag v1"` ‖ port).
fn key(port: Port) -> NodeId {
    let mut writer = Writer::default();
    writer.bytes(b"tabmesh tag v1").u32(port.0);
    NodeId(sha256(&writer.finish()))
}

impl Finding {
    pub(crate) fn new(own: NodeId, port: Port) -> Self {
        let key = key(port);
        Self {
            key,
            announcing: Announcing::new(Instant(0), own, key, Spread::All, 0),
            drawing: None,
            look_at: Instant::NEVER,
            wait_ms: LOOK_MS_MIN,
            calm_at: Instant(0),
            depth: 0,
            had_enough: false,
        }
    }

    /// Asks for lists as it is time; so many members are linked.
    pub(crate) fn go_on(&mut self, ground: &mut Ground, linked: usize) {
        let has_enough = linked >= FEW;
        if self.had_enough && !has_enough && self.drawing.is_none() {
            if ground.now >= self.calm_at {
                self.calm_at = ground.after(LOOK_MS_MAX);
                self.wait_ms = LOOK_MS_MIN;
            }
            self.look_at = self.look_at.min(ground.after(self.wait_ms));
        }
        self.had_enough = has_enough;
        if let Some((place, stays)) = self.announcing.poll(ground.now) {
            ground.wish(Wish::List { op: OWN, place: &place, stays, within_ms: WITHIN_MS });
        }
        if ground.now >= self.look_at {
            self.look_at = Instant::NEVER;
            let spread = if self.announcing.depth() > 0 { Spread::All } else { Spread::Few };
            self.drawing = Some(Drawing::new(self.key, spread, DRAWN, self.depth, ground.chance()));
            self.ask(ground);
        }
    }

    fn ask(&mut self, ground: &mut Ground) {
        while let Some((walk, place)) = self.drawing.as_mut().and_then(Drawing::poll) {
            let op = LOOK + walk as u32;
            ground.wish(Wish::List { op, place: &place, stays: false, within_ms: WITHIN_MS });
        }
    }

    /// A list came, or did not: whom it names, if that was what it was for.
    pub(crate) fn on_listed(
        &mut self,
        ground: &mut Ground,
        op: u32,
        status: Status,
        ids: &[NodeId],
        linked: usize,
    ) -> Vec<NodeId> {
        if op == OWN {
            self.announcing.on_listed(ground.now, status);
            if self.look_at == Instant::NEVER && self.drawing.is_none() {
                self.look_at = ground.now;
            }
            return Vec::new();
        }
        let Some(drawing) = &mut self.drawing else { return Vec::new() };
        drawing.on_listed((op - LOOK) as usize, status, ids);
        self.ask(ground);
        let Some(mut drawing) = self.drawing.take_if(|drawing| drawing.is_over()) else { return Vec::new() };
        self.look_at = ground.after(if linked >= FEW { LOOK_MS_MAX } else { self.wait_ms });
        self.wait_ms = LOOK_MS_MAX.min(self.wait_ms * 2);
        self.depth = drawing.depth();
        drawing.drawn()
    }

    /// When [`Finding::go_on`] has something to do.
    pub(crate) fn wanted_at(&self) -> Instant {
        self.look_at.min(self.announcing.wanted_at())
    }
}
