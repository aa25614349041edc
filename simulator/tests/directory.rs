//! Finding those who take part in something, over the very engine and a virtual network.

use std::collections::{BTreeSet, VecDeque};

use tabmesh_directory::{Announcing, Drawing, Spread, likely_depth};
use tabmesh_port::{Attachment, Input, Instant, Module, NodeId, Output, Port, Room, Told, Wish};
use tabmesh_simulator::{Overlay, Scenario};

const SECOND: u64 = 1_000_000;
const PORT: Port = Port(700);
const KEY: NodeId = NodeId([3; 32]);

/// The number under which the own list is asked for; those of draws follow.
const OWN: u32 = 0;

/// A module that takes part, unless it only looks, and draws when its face says so.
struct Member {
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
    fn new(attachment: &Attachment, spread: Spread) -> Self {
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

fn overlay(seed: u64, nodes: u32, spread: Spread, more: &str) -> Overlay {
    let scenario =
        format!("about = 'lists'\nnodes = {nodes}\nseconds = 900\n[arrivals]\nover_s = 20\n{more}");
    let mut overlay = Overlay::new(&Scenario::parse(&scenario).unwrap(), seed).unwrap();
    overlay.run_for(60 * SECOND);
    for node in 0..nodes {
        overlay.attach(node, PORT, 1, |attachment| Box::new(Member::new(&attachment, spread)));
    }
    overlay.run_for(2 * SECOND);
    overlay
}

/// What the draws that ended told: how long they took in milliseconds, and who was drawn.
fn drawn(overlay: &mut Overlay, node: u32) -> Vec<(u32, Vec<NodeId>)> {
    let events = overlay.events(node, PORT);
    let draw = |event: &Vec<u8>| {
        let (took, ids) = event.split_first_chunk().unwrap();
        (u32::from_be_bytes(*took), NodeId::list(ids).to_vec())
    };
    events.iter().map(draw).collect()
}

#[test]
fn a_crowd_is_found_evenly_and_who_left_is_not() {
    let nodes = 300;
    let mut overlay = overlay(1, nodes, Spread::All, "[network]\nnat = true");
    let ids: Vec<NodeId> = (0..nodes).map(|node| overlay.id(node).unwrap()).collect();
    (0..nodes).filter(|node| node % 3 != 0).for_each(|node| overlay.command(node, PORT, b"take part"));
    overlay.run_for(100 * SECOND);
    let (mut found, mut took, mut ended) = (BTreeSet::new(), Vec::new(), 0);
    for _ in 0..4 {
        (0..nodes).for_each(|node| overlay.command(node, PORT, b"draw"));
        overlay.run_for(20 * SECOND);
        for node in 0..nodes {
            for (ms, ids) in drawn(&mut overlay, node) {
                took.push(ms);
                ended += usize::from(ids.len() >= 4);
                found.extend(ids);
            }
        }
    }
    took.sort_unstable();
    let members: BTreeSet<NodeId> =
        (0..nodes).filter(|node| node % 3 != 0).map(|node| ids[node as usize]).collect();
    assert!(found.is_subset(&members), "who takes no part is drawn");
    assert!(found.len() >= members.len() * 97 / 100, "{} of {} were ever drawn", found.len(), members.len());
    assert!(ended >= 1_150, "{ended} of 1200 draws found some");
    println!("draws took p50 {} ms, p90 {} ms", took[took.len() / 2], took[took.len() * 9 / 10]);
    // Half of them go; two minutes later nobody draws them.
    let gone: BTreeSet<NodeId> = (0..nodes / 2).map(|node| ids[node as usize]).collect();
    (0..nodes / 2).for_each(|node| overlay.leave(node, node % 2 == 0));
    overlay.run_for(150 * SECOND);
    (nodes / 2..nodes).for_each(|node| overlay.command(node, PORT, b"draw"));
    overlay.run_for(20 * SECOND);
    let found: Vec<NodeId> =
        (nodes / 2..nodes).flat_map(|node| drawn(&mut overlay, node)).flat_map(|(_, ids)| ids).collect();
    assert!(found.len() > 800, "{} were drawn", found.len());
    let absent = found.iter().filter(|id| gone.contains(id)).count();
    assert!(absent * 100 <= found.len(), "{absent} of {} are gone", found.len());
    assert_eq!(overlay.broken(), None);
}

#[test]
fn two_find_each_other_whoever_keeps_the_list() {
    for seed in 0..8 {
        let mut overlay = overlay(seed, 2 + seed as u32 % 3, Spread::Few, "");
        for node in 0..2 {
            overlay.command(node, PORT, b"take part");
        }
        overlay.run_for(5 * SECOND);
        for (node, other) in [(0, 1), (1, 0)] {
            overlay.command(node, PORT, b"draw");
            overlay.run_for(5 * SECOND);
            let other = overlay.id(other).unwrap();
            let found: Vec<NodeId> = drawn(&mut overlay, node).into_iter().flat_map(|(_, ids)| ids).collect();
            assert!(found.contains(&other), "seed {seed}, node {node}");
        }
    }
}
