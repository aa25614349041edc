//! Counters on a perfect port: whatever is lost, cut or forged, all come to the same sum.

mod alone;

use alone::{Alone, job, row};
use proptest::prelude::*;
use tabmesh_counter::{Command, Counter, Event, ROWS_MAX, Row, port};
use tabmesh_port::{Attachment, Input, Instant, Module, NodeId, Output, PublicKey, Signature, Status, Told};
use tabmesh_world::perfect::{Perfect, Place, Weather};

const SECOND: u64 = 1_000_000;

type World = Perfect<Counter>;

fn world(seed: u64, weather: Weather, nodes: usize) -> (World, Vec<Place>) {
    let mut world = Perfect::new(seed, weather);
    let places = (0..nodes).map(|_| world.attach(port(), Counter::new)).collect();
    (world, places)
}

fn add(world: &mut World, place: Place, amount: u64) {
    world.command(place, &Command::Add(amount).emit());
}

fn totals(world: &World, places: &[Place]) -> Vec<u64> {
    places.iter().map(|place| world.module(*place).expect("it is there").total()).collect()
}

#[test]
fn everybody_comes_to_the_same_sum() {
    let (mut world, places) = world(1, Weather::FAIR, 20);
    for (number, place) in places.iter().enumerate() {
        add(&mut world, *place, number as u64);
    }
    world.run_for(2 * SECOND);
    assert_eq!(totals(&world, &places), [190; 20]);
    let last = world.events(places[3]).last().and_then(|bytes| Event::read(bytes));
    assert_eq!(last, Some(Event::Total(190)));
}

#[test]
fn what_is_lost_or_overtaken_comes_again() {
    for seed in 0..10 {
        let (mut world, places) = world(seed, Weather { loss_ppm: 500_000, ..Weather::FOUL }, 10);
        for (turn, place) in places.iter().take(5).enumerate() {
            add(&mut world, *place, 1 << turn);
            world.run_for(SECOND / 50);
        }
        world.run_for(300 * SECOND);
        assert_eq!(totals(&world, &places), [31; 10], "seed {seed}");
    }
}

#[test]
fn two_halves_go_on_counting_and_meet_again() {
    let (mut world, places) = world(2, Weather::FAIR, 8);
    world.run_for(SECOND);
    world.cut(&places[4..]);
    add(&mut world, places[0], 5);
    add(&mut world, places[7], 7);
    world.run_for(30 * SECOND);
    assert_eq!(totals(&world, &places), [5, 5, 5, 5, 7, 7, 7, 7]);
    world.heal();
    world.run_for(SECOND);
    assert_eq!(totals(&world, &places), [12; 8]);
}

#[test]
fn newcomers_hear_of_those_who_left() {
    let (mut world, mut places) = world(3, Weather::FAIR, 4);
    add(&mut world, places[0], 9);
    world.run_for(SECOND);
    world.detach(places.remove(0));
    places.push(world.attach(port(), Counter::new));
    world.run_for(SECOND);
    assert_eq!(totals(&world, &places), [9; 4]);
}

#[test]
fn the_same_seed_gives_the_same_trace() {
    let run = |seed| {
        let (mut world, places) = world(seed, Weather::FOUL, 12);
        places.iter().for_each(|place| add(&mut world, *place, 3));
        world.run_for(60 * SECOND);
        (world.trace(), world.carried())
    };
    assert_eq!(run(4), run(4));
    assert_ne!(run(4).0, run(5).0);
}

#[test]
fn nobody_adds_in_anothers_name() {
    let (mut world, places) = world(6, Weather::FAIR, 3);
    add(&mut world, places[0], 1);
    world.run_for(SECOND);
    let forged = Row { key: PublicKey([9; 64]), run: 1, count: 1_000, signature: Signature([7; 64]) };
    tell_row(&mut world, places[2], forged);
    // A row of another network, and a known one with another count.
    let other = Attachment { network: *b"another!", ..world.attachment(places[1]) };
    let signature = world.sign(places[1], &covered(&other, 50));
    tell_row(&mut world, places[2], Row { key: other.key, run: 1, count: 50, signature });
    let own = world.attachment(places[1]);
    let signature = world.sign(places[1], &covered(&own, 4));
    tell_row(&mut world, places[2], Row { key: own.key, run: 1, count: 5, signature });
    world.run_for(60 * SECOND);
    assert_eq!(totals(&world, &places), [1; 3]);
    // The same, signed as it should be, counts.
    tell_row(&mut world, places[2], Row { key: own.key, run: 1, count: 4, signature });
    world.run_for(SECOND);
    assert_eq!(totals(&world, &places), [5; 3]);
}

/// What its node signs where run 1 added so much.
fn covered(attachment: &Attachment, count: u64) -> Vec<u8> {
    Attachment::covered(&attachment.network, attachment.port, &Row::signed_bytes(1, count))
}

fn tell_row(world: &mut World, to: Place, row: Row) {
    let bytes = Row::emit_all(&[row]);
    world.tell(to, &Told::Said { from: &NodeId([5; 32]), is_proven: false, bytes: &bytes });
}

#[test]
fn a_node_that_comes_back_goes_on_from_where_it_was() {
    let (mut world, places) = world(7, Weather::FAIR, 4);
    add(&mut world, places[0], 3);
    world.run_for(SECOND);
    world.restart(places[0], Counter::new);
    add(&mut world, places[0], 4);
    world.run_for(60 * SECOND);
    assert_eq!(totals(&world, &places), [7; 4]);
}

#[test]
fn of_too_many_participants_the_first_are_counted() {
    let mut counter = Alone::new();
    for owner in 10..=255 {
        for flat in counter.hear(&[row(owner, 1)]) {
            counter.done(tabmesh_port::Done::Verified { job: job(&flat), holds: true });
        }
    }
    assert_eq!(counter.0.total(), ROWS_MAX as u64);
}

#[test]
fn a_hundred_nodes_come_to_the_same_sum() {
    let (mut world, places) = world(1, Weather::FAIR, 100);
    add(&mut world, places[0], 1);
    world.run_for(5 * SECOND);
    assert_eq!(totals(&world, &places), [1; 100]);
}

#[test]
fn what_makes_no_sense_is_refused() {
    let mut counter = Alone::new();
    counter.0.handle(Instant(0), Input::Command(&Command::Add(u64::MAX).emit()));
    counter.outputs();
    for bytes in [&[][..], &[3], &[1, 2], &Command::Add(1).emit()] {
        counter.0.handle(Instant(0), Input::Command(bytes));
        let refused = Event::Refused(Status::BadRequest).emit();
        assert_eq!(counter.outputs(), [Output::Event(&refused).emit()]);
    }
}

proptest! {
    #[test]
    fn any_bytes_do_no_harm(inputs in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..400), 0..20), kinds in proptest::collection::vec(0_u8..100, 20)) {
        let mut counter = Alone::new();
        for (bytes, kind) in inputs.iter().zip(kinds) {
            let flat = [&[kind][..], bytes].concat();
            for flat in [bytes, &flat] {
                if let Ok(input) = Input::read(flat) {
                    counter.0.handle(Instant(0), input);
                }
            }
            counter.0.handle(Instant(0), Input::Told(Told::Said { from: &NodeId([5; 32]), is_proven: false, bytes }));
            for flat in counter.outputs() {
                prop_assert!(Output::read(&flat).is_ok());
            }
        }
    }
}
