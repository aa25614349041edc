//! Standing on the tag's list, and looking who else does.

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
            // A few entries are a way in; whoever is near is found from there.
            announcing: Announcing::new(Instant(0), own, key, Spread::Few, 0),
            drawing: None,
            look_at: Instant::NEVER,
            wait_ms: LOOK_MS_MIN,
            had_enough: false,
        }
    }

    /// Asks for lists as it is time; so many members are linked.
    pub(crate) fn go_on(&mut self, ground: &mut Ground, linked: usize) {
        let has_enough = linked >= FEW;
        if self.had_enough && !has_enough && self.drawing.is_none() {
            self.wait_ms = LOOK_MS_MIN;
            self.look_at = self.look_at.min(ground.after(LOOK_MS_MIN));
        }
        self.had_enough = has_enough;
        if let Some((place, stays)) = self.announcing.poll(ground.now) {
            ground.wish(Wish::List { op: OWN, place: &place, stays, within_ms: WITHIN_MS });
        }
        if ground.now >= self.look_at {
            self.look_at = Instant::NEVER;
            self.drawing = Some(Drawing::new(self.key, Spread::Few, DRAWN, 0, ground.chance()));
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
        drawing.drawn()
    }

    /// When [`Finding::go_on`] has something to do.
    pub(crate) fn wanted_at(&self) -> Instant {
        self.look_at.min(self.announcing.wanted_at())
    }
}
