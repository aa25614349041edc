//! Counters on a perfect port: whatever is lost, cut or forged, all come to the same sum.

use proptest::prelude::*;
use tabmesh_counter::{CHECKS_MAX, Command, Counter, Event, ROWS_MAX, Row, WAITING_MAX, port};
use tabmesh_port::{
    Attachment, Input, Instant, Module, NodeId, Output, PublicKey, Room, Signature, Status, Told, Wish, Work,
};
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
    let signature = world.sign(places[1], &Row::signed_bytes(&other, 1, 50));
    tell_row(&mut world, places[2], Row { key: other.key, run: 1, count: 50, signature });
    let own = world.attachment(places[1]);
    let signature = world.sign(places[1], &Row::signed_bytes(&own, 1, 4));
    tell_row(&mut world, places[2], Row { key: own.key, run: 1, count: 5, signature });
    world.run_for(60 * SECOND);
    assert_eq!(totals(&world, &places), [1; 3]);
    // The same, signed as it should be, counts.
    tell_row(&mut world, places[2], Row { key: own.key, run: 1, count: 4, signature });
    world.run_for(SECOND);
    assert_eq!(totals(&world, &places), [5; 3]);
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

/// One counter whose shell is the test.
struct Alone(Counter);

impl Alone {
    fn new() -> Self {
        let attachment = Attachment { key: PublicKey([1; 64]), network: [2; 8], port: port(), seed: [0; 32] };
        let mut alone = Self(Counter::new(attachment));
        alone.0.handle(Instant(0), Input::Told(Told::View { version: 1, ids: &[NodeId([5; 32])] }));
        alone.outputs();
        alone
    }

    fn hear(&mut self, rows: &[Row]) -> Vec<Vec<u8>> {
        let bytes = Row::emit_all(rows);
        self.0.handle(
            Instant(0),
            Input::Told(Told::Said { from: &NodeId([5; 32]), is_proven: false, bytes: &bytes }),
        );
        self.outputs()
    }

    fn done(&mut self, done: tabmesh_port::Done<'_>) -> Vec<Vec<u8>> {
        self.0.handle(Instant(0), Input::Done(done));
        self.outputs()
    }

    fn outputs(&mut self) -> Vec<Vec<u8>> {
        std::iter::from_fn(|| self.0.poll(Room::ALL)).collect()
    }
}

fn row(owner: u8, count: u64) -> Row {
    Row { key: PublicKey([owner; 64]), run: 1, count, signature: Signature([owner; 64]) }
}

fn job(flat: &[u8]) -> u32 {
    match Output::read(flat) {
        Ok(Output::Work(Work::Verify { job, .. } | Work::Sign { job, .. })) => job,
        other => panic!("no job: {other:?}"),
    }
}

#[test]
fn a_row_is_checked_once_and_no_more_than_so_many_at_a_time() {
    let mut counter = Alone::new();
    let rows: Vec<Row> = (10..60).map(|owner| row(owner, 1)).collect();
    assert_eq!(counter.hear(&rows).len(), CHECKS_MAX);
    assert_eq!(counter.hear(&rows).len(), 0);
    let begun = counter.done(tabmesh_port::Done::Verified { job: 1, holds: false });
    assert_eq!((begun.len(), counter.hear(&rows).len()), (0, 1));
}

#[test]
fn no_more_than_so_many_tells_wait_for_room() {
    let mut counter = Alone::new();
    let room = Room::ALL.without(Wish::Tell { to: &[], bytes: &[] }.kind());
    for count in 1..=1_000 {
        let bytes = Row::emit_all(&[row(9, count)]);
        let told = Told::Said { from: &NodeId([5; 32]), is_proven: false, bytes: &bytes };
        counter.0.handle(Instant(0), Input::Told(told));
        let flat = counter.0.poll(room).expect("a check");
        let done = tabmesh_port::Done::Verified { job: job(&flat), holds: true };
        counter.0.handle(Instant(0), Input::Done(done));
        while counter.0.poll(room).is_some() {}
    }
    assert_eq!(counter.outputs().len(), WAITING_MAX);
}

#[test]
fn a_hundred_nodes_come_to_the_same_sum() {
    let (mut world, places) = world(1, Weather::FAIR, 100);
    add(&mut world, places[0], 1);
    world.run_for(2 * SECOND);
    assert_eq!(totals(&world, &places), [1; 100]);
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
