//! What ports promise, over the very engine and a virtual network: modules that do as the test says.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};

use tabmesh_port::limits::{HELD_MAX, MESSAGE_MAX, TELL_MAX};
use tabmesh_port::{Input, Instant, Module, NodeId, Output, Port, Reason, Room, Status, Told, Wish};
use tabmesh_simulator::{Overlay, Scenario};
use tabmesh_world::dice::Dice;

const SECOND: u64 = 1_000_000;
const PORT: Port = Port(500);
const OTHER: Port = Port(600);

/// A module that does what the test says, answers what it is asked, and remembers what it hears.
#[derive(Clone, Default)]
struct Probe(Arc<Mutex<Memory>>);

/// How a question ended: whether here, the answer's bytes, and whether it is proven.
type End = (Status, bool, Vec<u8>, bool);

#[derive(Default)]
struct Memory {
    outputs: VecDeque<Vec<u8>>,
    said: Vec<(NodeId, bool, Vec<u8>)>,
    asked: Vec<(NodeId, bool, Vec<u8>)>,
    /// By operation: every end that it had.
    ends: BTreeMap<u32, Vec<End>>,
    linked: BTreeMap<NodeId, Result<(), Reason>>,
    view: Vec<NodeId>,
    /// It answers nothing.
    is_mute: bool,
}

impl Probe {
    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.0.lock().unwrap()
    }

    fn wish(&self, wish: &Wish<'_>) {
        self.memory().outputs.push_back(Output::Wish(*wish).emit());
    }
}

impl Module for Probe {
    fn handle(&mut self, _: Instant, input: Input<'_>) {
        let mut memory = self.memory();
        let Input::Told(told) = input else { return };
        match told {
            Told::Said { from, is_proven, bytes } => memory.said.push((*from, is_proven, bytes.to_vec())),
            Told::Asked { from, is_proven, ticket, bytes, .. } => {
                memory.asked.push((*from, is_proven, bytes.to_vec()));
                if !memory.is_mute {
                    let answer = [b"re: ", bytes].concat();
                    let reply = Wish::Reply { ticket, status: Status::Ok, bytes: &answer };
                    memory.outputs.push_back(Output::Wish(reply).emit());
                }
            }
            Told::Answered { op, status, bytes, is_proven, is_here, .. } => {
                memory.ends.entry(op).or_default().push((status, is_here, bytes.to_vec(), is_proven));
            }
            Told::Linked { id, .. } => _ = memory.linked.insert(*id, Ok(())),
            Told::Unlinked { id, reason } => _ = memory.linked.insert(*id, Err(reason)),
            Told::View { ids, .. } => memory.view = ids.to_vec(),
            Told::Listed { op, status, ids } => {
                memory.ends.entry(op).or_default().push((
                    status,
                    false,
                    NodeId::list_bytes(ids).to_vec(),
                    false,
                ));
            }
            Told::Clock { .. } | Told::AskedHere { .. } => {}
        }
    }

    fn poll(&mut self, room: Room) -> Option<Vec<u8>> {
        let mut memory = self.memory();
        let at = memory.outputs.iter().position(|flat| room.has(flat[0]))?;
        memory.outputs.remove(at)
    }

    fn wanted_at(&self) -> Instant {
        Instant::NEVER
    }
}

/// An overlay, and a probe on each of its nodes.
struct Trial {
    overlay: Overlay,
    probes: Vec<Probe>,
}

impl Trial {
    fn new(seed: u64, nodes: u32, more: &str) -> Self {
        let scenario =
            format!("about = 'ports'\nnodes = {nodes}\nseconds = 900\n[arrivals]\nover_s = 10\n{more}");
        let mut overlay = Overlay::new(&Scenario::parse(&scenario).unwrap(), seed).unwrap();
        overlay.run_for(60 * SECOND);
        let probes: Vec<Probe> = (0..nodes).map(|_| Probe::default()).collect();
        let mut trial = Self { overlay, probes };
        (0..nodes).for_each(|node| trial.attach(node));
        trial.overlay.run_for(SECOND);
        trial
    }

    fn attach(&mut self, node: u32) {
        let probe = self.probes[node as usize].clone();
        self.overlay.attach(node, PORT, 1, |_| Box::new(probe));
    }

    fn id(&self, node: u32) -> NodeId {
        self.overlay.id(node).expect("it is there")
    }

    fn probe(&self, node: u32) -> MutexGuard<'_, Memory> {
        self.probes[node as usize].memory()
    }

    /// A node's module wishes something, and is driven.
    fn wish(&mut self, node: u32, wish: &Wish<'_>) {
        self.probes[node as usize].wish(wish);
        self.overlay.command(node, PORT, b"go on");
    }

    fn ask(&mut self, node: u32, op: u32, to: &NodeId, within_ms: u32, bytes: &[u8]) {
        self.wish(node, &Wish::Ask { op, to, within_ms, bytes });
    }

    fn is_linked(&self, node: u32, to: &NodeId) -> bool {
        self.overlay.links(node).iter().any(|link| link.id == *to)
    }

    fn end(&self, node: u32, op: u32) -> Vec<End> {
        self.probe(node).ends.get(&op).cloned().unwrap_or_default()
    }
}

#[test]
fn what_is_told_and_asked_reaches_any_node_and_says_whether_its_sender_is_proven() {
    let mut trial = Trial::new(1, 80, "");
    let (from, bytes) = (trial.id(0), vec![7; TELL_MAX]);
    let long = vec![8; MESSAGE_MAX];
    let (mut direct, mut routed) = (0, 0);
    for node in 1..80 {
        let (to, is_near) = (trial.id(node), trial.is_linked(0, &trial.id(node)));
        trial.wish(0, &Wish::Tell { to: &[to], bytes: &bytes });
        trial.ask(0, node, &to, 20_000, &long[..if node < 10 { MESSAGE_MAX - 4 } else { 100 }]);
        trial.overlay.run_for(5 * SECOND);
        let heard = trial.probe(node);
        assert_eq!(heard.said, [(from, is_near, bytes.clone())], "node {node}");
        assert_eq!(heard.asked.len(), 1, "node {node}");
        assert_eq!(heard.asked[0].1, is_near, "node {node}");
        drop(heard);
        let ends = trial.end(0, node);
        assert_eq!(ends.len(), 1, "node {node}");
        assert_eq!((ends[0].0, ends[0].1, ends[0].3), (Status::Ok, false, is_near), "node {node}");
        if is_near { direct += 1 } else { routed += 1 }
    }
    assert!(direct > 5 && routed > 20, "{direct} direct, {routed} routed");
    assert_eq!(trial.overlay.broken(), None);
}

#[test]
fn p4_unknown_ports_and_versions_are_told_and_nobody_is_banned() {
    let mut trial = Trial::new(2, 30, "");
    let ids: Vec<NodeId> = (0..30).map(|node| trial.id(node)).collect();
    let links = trial.overlay.links(0).len();
    // One node speaks a newer version, and one is alone with its port.
    trial.overlay.detach(1, PORT);
    let probe = trial.probes[1].clone();
    trial.overlay.attach(1, PORT, 2, |_| Box::new(probe));
    let stranger = Probe::default();
    let module = stranger.clone();
    trial.overlay.attach(0, OTHER, 1, |_| Box::new(module));
    trial.overlay.run_for(SECOND);
    assert!(!trial.probe(0).view.contains(&ids[1]) && trial.probe(0).view.len() > 5);
    assert!(stranger.memory().view.is_empty());
    trial.ask(0, 1, &ids[1], 5_000, b"old?");
    for (op, to) in ids.iter().enumerate().skip(2) {
        stranger.wish(&Wish::Ask { op: op as u32, to, within_ms: 5_000, bytes: b"anybody?" });
        stranger.wish(&Wish::Tell { to: &[*to], bytes: b"anybody?" });
    }
    trial.overlay.command(0, OTHER, b"go on");
    trial.overlay.run_for(5 * SECOND);
    assert_eq!(trial.end(0, 1), [(Status::VersionNotSupported, false, vec![2], trial.is_linked(0, &ids[1]))]);
    let memory = stranger.memory();
    assert_eq!(memory.ends.len(), 28);
    for (op, ends) in &memory.ends {
        assert_eq!(ends.len(), 1, "op {op}");
        assert_eq!((ends[0].0, ends[0].1), (Status::NotImplemented, false), "op {op}");
    }
    assert!(trial.overlay.links(0).len() >= links - 2);
    assert!(trial.probes.iter().all(|probe| probe.memory().said.is_empty()));
}

#[test]
fn p1_every_question_ends_once_whatever_is_cut_attached_detached() {
    for seed in 1..=6 {
        let mut trial = Trial::new(seed, 24, "[network]\nnat = true\nloss = 0.02");
        let mut dice = Dice::new(seed, 1);
        let ids: Vec<NodeId> = (0..24).map(|node| trial.id(node)).collect();
        let (mut op, mut asked) = (0, Vec::new());
        for round in 0..60 {
            for _ in 0..6 {
                let (node, to) = (dice.below(24) as u32, ids[dice.below(24) as usize]);
                op += 1;
                asked.push((node, op));
                let length = [10, 900, 20_000][dice.below(3) as usize];
                trial.ask(node, op, &to, 200 + dice.below(4_000) as u32, &vec![1; length]);
                if dice.chance(0.1) {
                    trial.wish(node, &Wish::Cancel { op });
                }
            }
            let node = dice.below(24) as u32;
            trial.probe(node).is_mute = dice.chance(0.2);
            match round % 10 {
                3 => trial.overlay.cut(&[node, (node + 1) % 24, (node + 2) % 24]),
                6 => trial.overlay.heal(),
                8 if trial.overlay.id(node).is_some() => {
                    // Who goes hears no ends any more.
                    trial.overlay.detach(node, PORT);
                    asked.retain(|(asker, op)| *asker != node || !trial.end(node, *op).is_empty());
                    trial.attach(node);
                }
                _ => {}
            }
            trial.overlay.run_for(dice.below(SECOND));
        }
        trial.overlay.heal();
        trial.overlay.run_for(10 * SECOND);
        let mut ok = 0;
        for (node, op) in &asked {
            let ends = trial.end(*node, *op);
            assert_eq!(ends.len(), 1, "seed {seed}, node {node}, op {op}: {ends:?}");
            ok += usize::from(ends[0].0 == Status::Ok);
        }
        assert!(ok * 2 > asked.len(), "seed {seed}: {ok} of {} were answered", asked.len());
        assert_eq!(trial.overlay.broken(), None);
    }
}

#[test]
fn links_are_kept_to_whom_a_module_holds_and_given_back() {
    let mut trial = Trial::new(3, 120, "");
    let ids: Vec<NodeId> = (0..120).map(|node| trial.id(node)).collect();
    let before = trial.overlay.links(0).len();
    let far: Vec<NodeId> =
        ids[1..].iter().filter(|id| !trial.is_linked(0, id)).take(HELD_MAX).copied().collect();
    assert_eq!(far.len(), HELD_MAX);
    trial.wish(0, &Wish::Hold { ids: &far });
    // The others hold it too, as the members of a group do.
    for (node, id) in ids.iter().enumerate().skip(1) {
        if far.contains(id) {
            trial.wish(node as u32, &Wish::Hold { ids: &ids[..1] });
        }
    }
    trial.overlay.run_for(60 * SECOND);
    let linked = far.iter().filter(|id| trial.is_linked(0, id)).count();
    assert_eq!(linked, HELD_MAX, "of {HELD_MAX}");
    assert!(trial.probe(0).linked.values().all(|link| *link == Ok(())));
    assert_eq!(trial.probe(0).linked.len(), HELD_MAX);
    // They stay, and the overlay's own beside them.
    trial.overlay.run_for(120 * SECOND);
    assert_eq!(far.iter().filter(|id| trial.is_linked(0, id)).count(), HELD_MAX);
    assert!(trial.overlay.links(0).len() >= HELD_MAX + 12);
    // Who holds hears when one goes.
    let lost = (1..120).find(|node| far.contains(&ids[*node as usize])).unwrap();
    trial.overlay.leave(lost, false);
    trial.overlay.run_for(5 * SECOND);
    assert!(trial.probe(0).linked[&ids[lost as usize]].is_err());
    (0..120).filter(|node| *node != lost).for_each(|node| trial.wish(node, &Wish::Hold { ids: &[] }));
    trial.overlay.run_for(180 * SECOND);
    let after = trial.overlay.links(0).len();
    assert!(after <= before + 8, "{before} links before, {after} after");
    assert_eq!(trial.overlay.broken(), None);
}

/// What is for one node alone is asked over a link that is held for it: nobody else has a byte of it. Without, it takes the way that
/// there is.
#[test]
fn p7_what_is_asked_over_a_held_link_passes_by_nobody_else() {
    let mut trial = Trial::new(6, 60, "");
    let far: Vec<u32> = (1..60).filter(|node| !trial.is_linked(0, &trial.id(*node))).collect();
    let ids: Vec<NodeId> = far.iter().map(|node| trial.id(*node)).collect();
    assert!(far.len() > 5, "{} are not linked", far.len());
    let carried = |trial: &Trial, node: u32| -> u64 {
        (0..60)
            .filter(|other| ![0, node].contains(other))
            .map(|other| trial.overlay.carried(other, PORT))
            .sum()
    };
    trial.overlay.watch(PORT);
    trial.ask(0, 1, &ids[0], 20_000, b"by others too");
    trial.overlay.run_for(5 * SECOND);
    assert!(carried(&trial, far[0]) > 0, "it went another way");
    let passed = trial.overlay.passed();
    assert!(passed.iter().any(|(_, frame)| frame.ends_with(b"by others too")), "{passed:?}");
    assert!(passed.iter().all(|(node, _)| ![0, far[0]].contains(node)));
    trial.wish(0, &Wish::Hold { ids: &ids[..5] });
    trial.overlay.run_for(30 * SECOND);
    let mut held = 0;
    for (op, (node, to)) in (2..).zip(far.iter().zip(&ids).take(5)) {
        // One that does not hold this node may have no room for it.
        if !trial.is_linked(0, to) {
            continue;
        }
        held += 1;
        let before = carried(&trial, *node);
        trial.ask(0, op, to, 20_000, &[9; 10_000]);
        trial.overlay.run_for(10 * SECOND);
        assert_eq!(carried(&trial, *node), before, "node {node}");
        let ends = trial.end(0, op);
        assert!(matches!(ends[..], [(Status::Ok, false, _, true)]), "node {node}: {ends:?}");
    }
    assert!(held >= 3, "{held} are held");
    assert_eq!(trial.overlay.broken(), None);
}

#[test]
fn whom_only_one_side_holds_may_shed_it_and_it_is_tried_again() {
    let mut trial = Trial::new(4, 100, "");
    let ids: Vec<NodeId> = (0..100).map(|node| trial.id(node)).collect();
    let far: Vec<NodeId> = ids[1..].iter().filter(|id| !trial.is_linked(0, id)).take(20).copied().collect();
    trial.wish(0, &Wish::Hold { ids: &far });
    trial.overlay.run_for(120 * SECOND);
    let told = trial.probe(0).linked.len();
    assert_eq!(told, 20, "each was made or refused");
    for (node, id) in ids.iter().enumerate().skip(1) {
        let links = trial.overlay.links(node as u32).len();
        assert!(links <= 32, "{links} links of {id:?}, which holds nobody");
    }
}
