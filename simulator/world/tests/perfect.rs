//! The perfect port: what is asked ends once, bounds hold, links and views are told, and a seed gives one trace.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use tabmesh_port::limits::{ASKS_MAX, MESSAGE_MAX, RECEIVERS_MAX, TELL_MAX, TICKETS_MAX, VIEW_MAX};
use tabmesh_port::{Attachment, Input, Instant, Module, NodeId, Output, Port, Room, Status, Told, Wish};
use tabmesh_world::dice::Dice;
use tabmesh_world::perfect::{Perfect, Place, Weather};

const MS: u64 = 1_000;

/// Says what a test puts into it, answers questions as it is told to, and remembers what it heard.
#[derive(Default)]
struct Probe {
    heard: Vec<Vec<u8>>,
    links: Vec<bool>,
    view: Vec<NodeId>,
    clock: Option<u64>,
    views: u32,
    ended: BTreeMap<u32, Vec<(Status, bool)>>,
    questions: Vec<u32>,
    lists: Vec<(u32, Status, Vec<NodeId>)>,
    is_silent: bool,
    outputs: VecDeque<Vec<u8>>,
}

impl Module for Probe {
    fn handle(&mut self, _: Instant, input: Input<'_>) {
        match input {
            // What a test commands is what it wants to be said.
            Input::Command(flat) => self.outputs.push_back(flat.to_vec()),
            Input::Told(Told::Said { bytes, .. }) => self.heard.push(bytes.to_vec()),
            Input::Told(Told::Asked { ticket, bytes, .. }) => {
                self.questions.push(ticket);
                if !self.is_silent {
                    self.outputs.push_back(Wish::Reply { ticket, status: Status::Ok, bytes }.emit());
                }
            }
            Input::Told(Told::Answered { op, status, is_here, .. }) => {
                self.ended.entry(op).or_default().push((status, is_here));
            }
            Input::Told(Told::Listed { op, status, ids }) => self.lists.push((op, status, ids.to_vec())),
            Input::Told(Told::Linked { .. }) => self.links.push(true),
            Input::Told(Told::Unlinked { .. }) => self.links.push(false),
            Input::Told(Told::Clock { wall_ms, .. }) => self.clock = Some(wall_ms),
            Input::Told(Told::View { ids, .. }) => {
                assert!(self.clock.is_some(), "the clock comes first");
                self.view = ids.to_vec();
                self.views += 1;
            }
            _ => {}
        }
    }

    fn poll(&mut self, _: Room) -> Option<Vec<u8>> {
        self.outputs.pop_front()
    }

    fn wanted_at(&self) -> Instant {
        Instant::NEVER
    }
}

type World = Perfect<Probe>;

fn probe(_: Attachment) -> Probe {
    Probe::default()
}

fn silent(_: Attachment) -> Probe {
    Probe { is_silent: true, ..Probe::default() }
}

const PORT: Port = Port(77);

fn pair(other: fn(Attachment) -> Probe) -> (World, Place, Place) {
    let mut world = Perfect::new(1, Weather::FAIR);
    let (one, two) = (world.attach(PORT, probe), world.attach(PORT, other));
    (world, one, two)
}

fn ask(world: &mut World, from: Place, op: u32, to: Place, bytes: &[u8]) {
    let to = world.id(to);
    world.command(from, &Wish::Ask { op, to: &to, within_ms: 5_000, bytes }.emit());
}

fn ended(world: &World, place: Place, op: u32) -> &[(Status, bool)] {
    world.module(place).expect("it is there").ended.get(&op).map_or(&[], Vec::as_slice)
}

#[test]
fn what_is_told_arrives_and_what_is_asked_is_answered() {
    let (mut world, one, two) = pair(probe);
    let to = world.id(two);
    world.command(one, &Wish::Tell { to: &[to], bytes: b"words" }.emit());
    ask(&mut world, one, 3, two, b"what?");
    world.run_for(200 * MS);
    assert_eq!(world.module(two).unwrap().heard, [b"words"]);
    assert_eq!(ended(&world, one, 3), [(Status::Ok, false)]);
}

#[test]
fn a_tell_comes_twice_where_the_weather_says_so() {
    let weather = Weather { twice_ppm: 1_000_000, ..Weather::FAIR };
    let mut world = Perfect::new(1, weather);
    let (one, two) = (world.attach(PORT, probe), world.attach(PORT, probe));
    let to = world.id(two);
    world.command(one, &Wish::Tell { to: &[to], bytes: b"words" }.emit());
    ask(&mut world, one, 3, two, b"what?");
    world.run_for(200 * MS);
    let other = world.module(two).unwrap();
    assert_eq!((other.heard.len(), other.questions.len()), (2, 1));
    assert_eq!(ended(&world, one, 3), [(Status::Ok, false)]);
}

#[test]
fn bounds_hold() {
    let (mut world, one, two) = pair(silent);
    let to = world.id(two);
    world.command(one, &Wish::Tell { to: &[to], bytes: &[0; TELL_MAX + 1] }.emit());
    world.command(one, &Wish::Tell { to: &[to; RECEIVERS_MAX + 1], bytes: b"all" }.emit());
    ask(&mut world, one, 1_000, two, &[0; MESSAGE_MAX + 1]);
    for op in 0..=ASKS_MAX as u32 {
        ask(&mut world, one, op, two, b"?");
    }
    ask(&mut world, one, 0, two, b"a number in use");
    world.run_for(300 * MS);
    assert!(world.module(two).unwrap().heard.is_empty());
    assert_eq!(ended(&world, one, 1_000), [(Status::BadRequest, true)]);
    assert_eq!(ended(&world, one, ASKS_MAX as u32), [(Status::TooManyRequests, true)]);
    assert_eq!(ended(&world, one, 0), []);
    assert_eq!(ended(&world, one, 1), []);

    for _ in 0..TICKETS_MAX / ASKS_MAX {
        let more = world.attach(PORT, probe);
        (0..ASKS_MAX as u32).for_each(|op| ask(&mut world, more, op, two, b"?"));
    }
    world.run_for(300 * MS);
    let three = world.attach(PORT, probe);
    ask(&mut world, three, 1, two, b"?");
    world.run_for(300 * MS);
    assert_eq!(world.module(two).unwrap().questions.len(), TICKETS_MAX);
    assert_eq!(ended(&world, three, 1), [(Status::TooManyRequests, false)]);
    // Those whose time is up make room.
    world.run_for(5_000 * MS);
    ask(&mut world, three, 2, two, b"?");
    world.run_for(300 * MS);
    assert_eq!(world.module(two).unwrap().questions.len(), TICKETS_MAX + 1);
}

#[test]
fn lists_name_those_who_stay_on_them_until_they_come_no_more() {
    let mut world = Perfect::new(1, Weather::FAIR);
    let places: Vec<Place> = (0..3).map(|_| world.attach(PORT, probe)).collect();
    let list = |world: &mut World, from: usize, op, stays| {
        let wish = Wish::List { op, place: &NodeId([4; 32]), stays, within_ms: 2_000 };
        world.command(places[from], &wish.emit());
        world.run_for(400 * MS);
    };
    let heard = |world: &World, from: usize| world.module(places[from]).unwrap().lists.clone();
    list(&mut world, 0, 1, true);
    list(&mut world, 1, 1, true);
    list(&mut world, 2, 1, false);
    list(&mut world, 0, 2, true);
    let ids = places.iter().map(|place| world.id(*place)).collect::<Vec<_>>();
    assert_eq!(heard(&world, 0), [(1, Status::Ok, vec![]), (2, Status::Ok, vec![])]);
    assert_eq!(heard(&world, 2), [(1, Status::Ok, vec![ids[0], ids[1]])]);
    world.run_for(121_000 * MS);
    list(&mut world, 2, 9, false);
    assert_eq!(heard(&world, 2)[1..], [(9, Status::Ok, vec![])]);
}

#[test]
fn an_answer_is_its_own_questions_only() {
    let (mut world, one, two) = pair(silent);
    ask(&mut world, one, 1, two, b"first");
    world.run_for(200 * MS);
    world.command(one, &Wish::Cancel { op: 1 }.emit());
    ask(&mut world, one, 1, two, b"second");
    world.run_for(MS);
    assert_eq!(ended(&world, one, 1), [(Status::TimedOut, true)]);
    let first = world.module(two).unwrap().questions[0];
    for _ in 0..2 {
        world.command(two, &Wish::Reply { ticket: first, status: Status::Ok, bytes: b"late" }.emit());
    }
    world.run_for(300 * MS);
    assert_eq!(ended(&world, one, 1).len(), 1, "the second waits on");
    world.run_for(5_000 * MS);
    assert_eq!(ended(&world, one, 1), [(Status::TimedOut, true); 2]);
}

#[test]
fn links_are_told_when_they_come_and_go() {
    let (mut world, one, two) = pair(probe);
    let ids = [world.id(two), NodeId([9; 32])];
    world.command(one, &Wish::Hold { ids: &ids }.emit());
    world.run_for(MS);
    assert_eq!(world.module(one).unwrap().links.len(), 2, "one is there, one is not");
    world.cut(&[two]);
    world.run_for(MS);
    world.heal();
    world.run_for(MS);
    assert_eq!(world.module(one).unwrap().links[2..], [false, true]);
    world.command(one, &Wish::Hold { ids: &[] }.emit());
    world.detach(two);
    world.run_for(MS);
    assert_eq!(world.module(one).unwrap().links.len(), 4);
}

#[test]
fn a_view_names_whom_it_can_reach_the_nearest_first() {
    let mut world = Perfect::new(1, Weather::FAIR);
    let places: Vec<Place> = (0..=VIEW_MAX).map(|_| world.attach(PORT, probe)).collect();
    let own = world.id(places[0]);
    let mut others: Vec<NodeId> = places[1..].iter().map(|place| world.id(*place)).collect();
    others.sort_by_key(|id| own.distance(id));
    assert_eq!(world.module(places[0]).unwrap().view, others);
    world.cut(&places[2..]);
    assert_eq!(world.module(places[0]).unwrap().view, [world.id(places[1])]);
}

#[test]
fn a_node_alone_hears_the_clock_and_that_it_can_reach_nobody() {
    let mut world = Perfect::new(1, Weather::FAIR);
    world.run_for(5_000 * MS);
    let one = world.attach(PORT, probe);
    let module = world.module(one).unwrap();
    assert_eq!((module.clock, module.views, module.view.len()), (Some(world.wall_ms()), 1, 0));
    world.attach(PORT, probe);
    assert_eq!(world.module(one).unwrap().views, 2);
}

#[test]
fn over_views_all_reach_all() {
    for (seed, nodes) in [(1, VIEW_MAX + 10), (2, 100), (3, 100), (4, 150)] {
        let mut world = Perfect::new(seed, Weather::FAIR);
        let places: Vec<Place> = (0..nodes).map(|_| world.attach(PORT, probe)).collect();
        let views: BTreeMap<NodeId, &[NodeId]> =
            places.iter().map(|place| (world.id(*place), &world.module(*place).unwrap().view[..])).collect();
        assert!(views.values().all(|view| view.len() == VIEW_MAX));
        for place in &places {
            let mut reached = BTreeSet::from([world.id(*place)]);
            let mut next: Vec<NodeId> = reached.iter().copied().collect();
            while let Some(id) = next.pop() {
                next.extend(views[&id].iter().filter(|id| reached.insert(**id)));
            }
            assert_eq!(reached.len(), nodes, "seed {seed}, from {place:?}");
        }
    }
}

/// Whatever is lost, cut, cancelled and detached: every Ask ends once, within its time.
#[test]
fn p1_every_ask_ends_once() {
    for seed in 0..40 {
        let mut dice = Dice::new(seed, 1);
        let mut world = Perfect::new(seed, Weather::FOUL);
        let places: Vec<Place> =
            (0..6).map(|at| world.attach(PORT, if at % 3 == 0 { silent } else { probe })).collect();
        let mut gone = Vec::new();
        let mut asked: Vec<(Place, u32)> = Vec::new();
        for op in 0..300 {
            let (from, to) = (places[dice.below(6) as usize], places[dice.below(6) as usize]);
            match dice.below(20) {
                0 => world.cut(&[from, to]),
                1 => world.heal(),
                2 if gone.len() < 2 && !gone.contains(&to) => {
                    world.detach(to);
                    gone.push(to);
                }
                3 => world.command(from, &Wish::Cancel { op: op / 2 }.emit()),
                _ => {
                    ask(&mut world, from, op, to, b"?");
                    asked.push((from, op));
                }
            }
            world.run_for(dice.below(200) * MS);
        }
        world.run_for(10_000 * MS);
        for (from, op) in asked {
            if !gone.contains(&from) {
                assert_eq!(ended(&world, from, op).len(), 1, "seed {seed}, {op} of {from:?}");
            }
        }
    }
}

#[test]
fn one_seed_gives_one_trace() {
    let run = |seed| {
        let mut world = Perfect::new(seed, Weather::FOUL);
        let places: Vec<Place> = (0..5).map(|_| world.attach(PORT, probe)).collect();
        for op in 0..50 {
            ask(&mut world, places[op as usize % 5], op, places[(op as usize + 1) % 5], b"?");
            world.run_for(100 * MS);
        }
        world.trace()
    };
    assert_eq!(run(1), run(1));
    assert_ne!(run(1), run(2));
}

#[test]
#[should_panic(expected = "gives what is no output")]
fn a_module_that_gives_nonsense_is_found_out() {
    let (mut world, one, _) = pair(probe);
    world.command(one, &[200, 1]);
}

#[test]
fn events_are_handed_on() {
    let (mut world, one, _) = pair(probe);
    world.command(one, &Output::Event(b"seen").emit());
    assert_eq!(world.events(one), [b"seen"]);
    assert!(world.events(one).is_empty());
}

/// Whoever comes or goes, views are those that all ids in order of their distance give.
#[test]
fn views_are_those_of_all_who_are_there_however_they_came() {
    let mut world = Perfect::new(7, Weather::FAIR);
    let places: Vec<Place> = (0..150).map(|_| world.attach(PORT, probe)).collect();
    let mut dice = Dice::new(7, 1);
    let mut gone: BTreeSet<usize> = BTreeSet::new();
    for _ in 0..200 {
        let at = dice.below(150) as usize;
        if gone.remove(&at) {
            world.restart(places[at], probe);
        } else {
            gone.insert(at);
            world.detach(places[at]);
        }
    }
    let there = || (0..150).filter(|at| !gone.contains(at)).map(|at| places[at]);
    for place in there() {
        let own = world.id(place);
        let others = there().filter(|other| *other != place).map(|other| world.id(other));
        assert_eq!(world.module(place).unwrap().view, some_of_every_distance(own, others.collect()));
    }
}

/// A rank in its bucket for each id, the lowest ranks first.
fn some_of_every_distance(own: NodeId, mut ids: Vec<NodeId>) -> Vec<NodeId> {
    ids.sort_by_key(|id| own.distance(id));
    let rank = |at: usize| {
        let bucket = own.shared_bits(&ids[at]);
        ids[..at].iter().filter(|id| own.shared_bits(id) == bucket).count()
    };
    let mut ranked: Vec<(usize, NodeId)> = (0..ids.len()).map(|at| (rank(at), ids[at])).collect();
    ranked.sort_by_key(|(rank, _)| *rank);
    let mut view: Vec<NodeId> = ranked.into_iter().take(VIEW_MAX).map(|(_, id)| id).collect();
    view.sort_by_key(|id| own.distance(id));
    view
}

#[test]
fn what_comes_for_a_frozen_node_waits_until_it_goes_on() {
    let (mut world, one, two) = pair(probe);
    world.command(one, &Wish::Hold { ids: &[world.id(two)] }.emit());
    world.run_for(MS);
    world.freeze(two, 4_000 * MS);
    ask(&mut world, one, 1, two, b"?");
    world.run_for(3_900 * MS);
    assert!(world.module(two).unwrap().questions.is_empty());
    assert_eq!(world.module(one).unwrap().links, [true], "the link stays");
    world.run_for(300 * MS);
    assert_eq!(world.module(two).unwrap().questions.len(), 1);
    assert_eq!(ended(&world, one, 1), [(Status::Ok, false)]);
}
