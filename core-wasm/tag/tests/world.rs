//! Tags on a perfect port, in fair and foul weather: members hear each publication once, and reach whom they mean.

mod common;

use std::collections::BTreeMap;

use common::{Heard, SECOND, closest, components, tag};
use tabmesh_port::{NodeId, Status};
use tabmesh_tag::limits::{PUBLISH_MAX, SEND_MAX, SENDS_MAX, SIGNING_MAX};
use tabmesh_tag::{Command, Tag};
use tabmesh_world::perfect::{Perfect, Place, Weather};

/// A perfect port, and what faces heard so far.
struct World {
    port: Perfect<Tag>,
    heard: BTreeMap<Place, Heard>,
}

impl std::ops::Deref for World {
    type Target = Perfect<Tag>;

    fn deref(&self) -> &Self::Target {
        &self.port
    }
}

impl std::ops::DerefMut for World {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.port
    }
}

/// More than a view names.
const CROWD: usize = 60;

fn world(seed: u64, weather: Weather, members: usize) -> (World, Vec<Place>) {
    let mut world = World { port: Perfect::new(seed, weather), heard: BTreeMap::new() };
    let places = (0..members).map(|_| world.attach(tag(), Tag::new)).collect();
    world.run_for(30 * SECOND);
    (world, places)
}

fn publish(world: &mut World, place: Place, op: u32, bytes: &[u8]) {
    world.command(place, &Command::Publish { op, bytes }.emit());
}

fn heard(world: &mut World, place: Place) -> Heard {
    let events = world.port.events(place);
    let heard = world.heard.entry(place).or_default();
    heard.add_all(&events);
    heard.clone()
}

fn ids(world: &World, places: &[Place]) -> Vec<NodeId> {
    places.iter().map(|place| world.id(*place)).collect()
}

fn expect_all_heard(world: &mut World, places: &[Place], by: Place, bytes: &[u8], times: u32) {
    for place in places.iter().filter(|place| **place != by) {
        assert_eq!(heard(world, *place).times(bytes), times, "{bytes:?} at {place:?}");
    }
    assert_eq!(heard(world, by).times(bytes), 0, "nobody is told what it said itself");
}

#[test]
fn everybody_hears_each_publication_once() {
    for (members, weather) in
        [(2, Weather::FAIR), (20, Weather::FAIR), (20, Weather::FOUL), (CROWD, Weather::FOUL)]
    {
        for seed in 0..4 {
            let (mut world, places) = world(seed, weather, members);
            for turn in 0..10_u8 {
                publish(&mut world, places[usize::from(turn) % members], turn.into(), &[turn; 100]);
                world.run_for(SECOND / 3);
            }
            world.run_for(60 * SECOND);
            for turn in 0..10_u8 {
                let by = places[usize::from(turn) % members];
                expect_all_heard(&mut world, &places, by, &[turn; 100], 1);
                assert_eq!(heard(&mut world, by).ends[&turn.into()], [Status::Ok]);
            }
        }
    }
}

#[test]
fn once_the_tree_is_there_a_publication_costs_a_member_little() {
    let (mut world, places) = world(1, Weather::FAIR, 20);
    for place in &places {
        publish(&mut world, *place, 0, b"to make a tree");
        world.run_for(5 * SECOND);
    }
    world.run_for(60 * SECOND);
    let before = world.carried();
    for turn in 0..100 {
        publish(&mut world, places[turn % 20], 1, &[turn as u8]);
        world.run_for(SECOND / 10);
    }
    let a_member = (world.carried() - before) as f64 / 100.0 / 20.0;
    println!("{a_member:.2} messages a publication and member, all told");
    assert!(a_member < 3.0, "{a_member}");
}

#[test]
fn two_sides_of_a_cut_go_on_and_are_one_again() {
    let (mut world, places) = world(2, Weather::FAIR, 16);
    let (here, there) = places.split_at(8);
    world.cut(there);
    world.run_for(30 * SECOND);
    publish(&mut world, here[0], 1, b"here");
    publish(&mut world, there[0], 1, b"there");
    world.run_for(10 * SECOND);
    expect_all_heard(&mut world, here, here[0], b"here", 1);
    expect_all_heard(&mut world, there, there[0], b"there", 1);
    expect_all_heard(&mut world, here, here[0], b"there", 0);
    world.heal();
    world.run_for(30 * SECOND);
    publish(&mut world, here[1], 2, b"all");
    world.run_for(10 * SECOND);
    expect_all_heard(&mut world, &places, here[1], b"all", 1);
    // What was said meanwhile is told of for half a minute.
    expect_all_heard(&mut world, &places, there[0], b"there", 1);
}

#[test]
fn newcomers_are_members_and_leavers_are_none() {
    let (mut world, mut places) = world(3, Weather::FOUL, 12);
    for round in 0..20_u8 {
        let gone = places.remove(usize::from(round) % places.len());
        world.detach(gone);
        places.push(world.attach(tag(), Tag::new));
        world.run_for(10 * SECOND);
        publish(&mut world, places[0], round.into(), &[round]);
        world.run_for(20 * SECOND);
        expect_all_heard(&mut world, &places, places[0], &[round], 1);
        let left = world.id(gone);
        assert!(places.iter().all(|place| !world.module(*place).unwrap().linked().contains(&left)));
    }
}

#[test]
fn whoever_starts_again_is_heard_again() {
    let (mut world, places) = world(4, Weather::FAIR, 5);
    publish(&mut world, places[0], 1, b"before");
    world.run_for(2 * SECOND);
    world.restart(places[0], Tag::new);
    world.run_for(10 * SECOND);
    publish(&mut world, places[0], 1, b"after");
    world.run_for(10 * SECOND);
    for bytes in [&b"before"[..], b"after"] {
        for place in &places[1..] {
            assert_eq!(heard(&mut world, *place).times(bytes), 1);
        }
    }
}

#[test]
fn the_crowd_is_one_component_with_few_held_links() {
    let (world, places) = world(5, Weather::FAIR, 200);
    let linked = |place: &Place| world.module(*place).unwrap().linked();
    let links: BTreeMap<_, _> = places.iter().map(|place| (world.id(*place), linked(place))).collect();
    assert_eq!(components(&links), 1);
    assert!(links.values().all(|linked| linked.len() <= tabmesh_tag::limits::PEERS_MAX));
}

#[test]
fn a_message_reaches_the_member_that_it_is_for_and_ends_once() {
    for (seed, weather, members) in
        [(6, Weather::FAIR, 20), (7, Weather::FOUL, 20), (8, Weather::FAIR, CROWD), (9, Weather::FOUL, CROWD)]
    {
        let (mut world, places) = world(seed, weather, members);
        let ids = ids(&world, &places);
        let mut expected: BTreeMap<Place, Vec<Vec<u8>>> = BTreeMap::new();
        for turn in 0..200_u32 {
            let (from, to) = (places[turn as usize % members], turn as usize * 7 % members);
            let bytes = turn.to_be_bytes();
            world.command(from, &Command::Send { op: turn, to: &ids[to], bytes: &bytes }.emit());
            world.run_for(SECOND / 4);
            expected.entry(places[to]).or_default().push(bytes.to_vec());
        }
        world.run_for(20 * SECOND);
        let mut delivered = 0;
        for place in &places {
            let heard = heard(&mut world, *place);
            assert!(heard.ends.values().all(|ends| ends.len() == 1), "each ends once");
            delivered += heard.ends.values().filter(|ends| ends[0] == Status::Ok).count();
            let got: Vec<Vec<u8>> = heard.received.iter().map(|(.., bytes)| bytes.clone()).collect();
            let wanted = expected.remove(place).unwrap_or_default();
            assert!(got.iter().all(|bytes| got.iter().filter(|other| *other == bytes).count() == 1));
            assert!(got.iter().all(|bytes| wanted.contains(bytes)), "for somebody else");
            if weather.loss_ppm == 0 {
                assert_eq!(got.len(), wanted.len());
            }
        }
        let ends: usize = places.iter().map(|place| heard(&mut world, *place).ends.len()).sum();
        assert_eq!(ends, 200, "seed {seed}");
        assert!(delivered >= if weather.loss_ppm == 0 { 200 } else { 195 }, "{delivered}");
    }
}

#[test]
fn what_is_for_the_closest_to_a_key_comes_there_alone() {
    for (seed, members) in [(10, 20), (11, CROWD)] {
        let (mut world, places) = world(seed, Weather::FAIR, members);
        let ids = ids(&world, &places);
        for turn in 0..100_u8 {
            let key = NodeId([turn.wrapping_mul(41); 32]);
            let from = places[usize::from(turn) % members];
            world.command(from, &Command::SendClosest { op: turn.into(), key: &key, bytes: &[turn] }.emit());
            world.run_for(SECOND);
            let got: Vec<usize> = (0..members)
                .filter(|at| {
                    heard(&mut world, places[*at]).received.iter().any(|(.., bytes)| bytes[..] == [turn])
                })
                .collect();
            assert_eq!(
                got.iter().map(|at| ids[*at]).collect::<Vec<_>>(),
                [closest(&ids, &key)],
                "turn {turn}"
            );
            assert_eq!(heard(&mut world, from).ends[&turn.into()], [Status::Ok]);
        }
    }
}

#[test]
fn who_is_no_member_is_not_reached_and_nobody_waits_for_ever() {
    let (mut world, places) = world(12, Weather::FAIR, 8);
    world.command(places[0], &Command::Send { op: 1, to: &NodeId([9; 32]), bytes: b"?" }.emit());
    let gone = world.id(places[7]);
    world.detach(places[7]);
    world.command(places[0], &Command::Send { op: 2, to: &gone, bytes: b"?" }.emit());
    world.run_for(15 * SECOND);
    let heard = heard(&mut world, places[0]);
    assert_eq!(heard.ends[&1], [Status::Unavailable]);
    assert_eq!(heard.ends[&2], [Status::Unavailable]);
}

#[test]
fn what_is_too_much_or_makes_no_sense_is_refused() {
    let (mut world, _) = world(13, Weather::FAIR, 0);
    let alone = world.attach(tag(), Tag::new);
    publish(&mut world, alone, 1, b"nobody is there");
    world.command(alone, &Command::Send { op: 2, to: &NodeId([1; 32]), bytes: b"" }.emit());
    world.command(alone, &Command::SendClosest { op: 3, key: &NodeId([1; 32]), bytes: b"own" }.emit());
    let other = world.attach(tag(), Tag::new);
    world.run_for(SECOND);
    publish(&mut world, alone, 4, &[0; PUBLISH_MAX + 1]);
    let to = world.id(other);
    world.command(alone, &Command::Send { op: 5, to: &to, bytes: &[0; SEND_MAX + 1] }.emit());
    publish(&mut world, alone, 6, &[6; PUBLISH_MAX]);
    world.command(alone, &Command::Send { op: 7, to: &to, bytes: &[7; SEND_MAX] }.emit());
    world.command(alone, &Command::Send { op: 7, to: &to, bytes: b"again" }.emit());
    for bytes in [&[][..], &[9], &[1, 0], &[4, 4], &[2; 36]] {
        world.command(alone, bytes);
    }
    world.run_for(5 * SECOND);
    let other = heard(&mut world, other);
    let heard = heard(&mut world, alone);
    let ends: Vec<Status> = heard.ends.values().map(|ends| ends[0]).collect();
    use Status::{BadRequest, Ok, Unavailable};
    assert_eq!(ends, [Unavailable, Unavailable, Ok, BadRequest, BadRequest, Ok, Ok]);
    assert!(heard.ends.values().all(|ends| ends.len() == 1));
    assert_eq!(heard.refused, 6);
    assert_eq!(heard.received, [(world.id(alone), true, b"own".to_vec())]);
    assert_eq!(other.times(&[6; PUBLISH_MAX]), 1);
    assert_eq!(other.received, [(world.id(alone), true, vec![7; SEND_MAX])]);
}

#[test]
fn an_application_that_says_too_much_at_once_is_told_so() {
    let (mut world, places) = world(14, Weather::FAIR, 3);
    let to = world.id(places[1]);
    for op in 0..50 {
        publish(&mut world, places[0], op, &[1]);
        world.command(places[0], &Command::Send { op: 100 + op, to: &to, bytes: &[2] }.emit());
    }
    world.run_for(20 * SECOND);
    let ends = heard(&mut world, places[0]).ends;
    let count = |range: std::ops::Range<u32>, status| {
        ends.range(range).filter(|(_, ends)| **ends == [status]).count()
    };
    assert_eq!(
        (count(0..100, Status::Ok), count(0..100, Status::TooManyRequests)),
        (SIGNING_MAX, 50 - SIGNING_MAX)
    );
    assert_eq!(
        (count(100..200, Status::Ok), count(100..200, Status::TooManyRequests)),
        (SENDS_MAX, 50 - SENDS_MAX)
    );
}

#[test]
fn the_same_seed_gives_the_same_trace() {
    let run = |seed| {
        let (mut world, places) = world(seed, Weather::FOUL, 12);
        publish(&mut world, places[3], 1, b"x");
        world.run_for(30 * SECOND);
        world.trace()
    };
    assert_eq!(run(1), run(1));
    assert_ne!(run(1), run(2));
}
