//! A module that takes part in something, and looks for those who do.

use std::collections::VecDeque;

use tabmesh_directory::{Announcing, Drawing, Spread, likely_depth};
use tabmesh_port::{Attachment, Input, Instant, Module, NodeId, Output, Port, Room, Told, Wish};
use tabmesh_simulator::Overlay;

pub(crate) const PORT: Port = Port(700);
const KEY: NodeId = NodeId([3; 32]);

/// The number under which the own list is asked for; those of draws follow.
const OWN: u32 = 0;

/// A module that takes part, unless it only looks, and draws when its face says so.
pub(crate) struct Member {
    own: NodeId,
    seed: [u8; 32],
    spread: Spread,
    now: Instant,
    announcing: Option<Announcing>,
    drawing: Option<(Instant, Drawing)>,
    depth: u8,
    outputs: VecDeque<Vec<u8>>,
}

impl Member {
    pub(crate) fn new(attachment: &Attachment, spread: Spread) -> Self {
        Self {
            own: NodeId::of_key(&attachment.key),
            seed: attachment.seed,
            spread,
            now: Instant(0),
            announcing: None,
            drawing: None,
            depth: 0,
            outputs: VecDeque::new(),
        }
    }

    fn go_on(&mut self) {
        if let Some((place, stays)) = self.announcing.as_mut().and_then(|it| it.poll(self.now)) {
            self.list(OWN, &place, stays);
        }
        let Some((since, drawing)) = &mut self.drawing else { return };
        let mut wanted = Vec::new();
        while let Some((walk, place)) = drawing.poll() {
            wanted.push((walk as u32 + 1, place));
        }
        if drawing.is_over() {
            let took_ms = self.now.since(*since).ms() as u32;
            let ids = drawing.drawn();
            self.depth = drawing.depth();
            self.drawing = None;
            let event = [&took_ms.to_be_bytes()[..], NodeId::list_bytes(&ids)].concat();
            self.outputs.push_back(Output::Event(&event).emit());
        }
        wanted.iter().for_each(|(op, place)| self.list(*op, place, false));
    }

    fn list(&mut self, op: u32, place: &NodeId, stays: bool) {
        self.outputs.push_back(Output::Wish(Wish::List { op, place, stays, within_ms: 4_000 }).emit());
    }
}

impl Module for Member {
    fn handle(&mut self, now: Instant, input: Input<'_>) {
        self.now = now;
        match input {
            Input::Command(b"take part") => {
                self.announcing = Some(Announcing::new(now, self.own, KEY, self.spread, self.depth));
            }
            Input::Command(_) => {
                self.seed[0] = self.seed[0].wrapping_add(1);
                self.drawing = Some((now, Drawing::new(KEY, self.spread, 8, self.depth, self.seed)));
            }
            Input::Told(Told::View { ids, .. }) => self.depth = self.depth.max(likely_depth(&self.own, ids)),
            Input::Told(Told::Listed { op: OWN, status, .. }) => {
                if let Some(it) = &mut self.announcing {
                    it.on_listed(now, status);
                }
            }
            Input::Told(Told::Listed { op, status, ids }) => {
                if let Some((_, drawing)) = &mut self.drawing {
                    drawing.on_listed(op as usize - 1, status, ids);
                }
            }
            _ => {}
        }
        self.go_on();
    }

    fn poll(&mut self, room: Room) -> Option<Vec<u8>> {
        let at = self.outputs.iter().position(|flat| room.has(flat[0]))?;
        self.outputs.remove(at)
    }

    fn wanted_at(&self) -> Instant {
        self.announcing.as_ref().map_or(Instant::NEVER, Announcing::wanted_at)
    }
}

/// What the draws that ended told: how long they took in milliseconds, and who was drawn.
pub(crate) fn drawn(overlay: &mut Overlay, node: u32) -> Vec<(u32, Vec<NodeId>)> {
    let events = overlay.events(node, PORT);
    let draw = |event: &Vec<u8>| {
        let (took, ids) = event.split_first_chunk().unwrap();
        (u32::from_be_bytes(*took), NodeId::list(ids).to_vec())
    };
    events.iter().map(draw).collect()
}
