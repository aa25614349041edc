//! Streams on a perfect port: whatever is lost or cut, what comes is what was written, and each ends once.

mod ends;

use ends::Ends;
use proptest::prelude::*;
use tabmesh_port::{NodeId, Status, Told};
use tabmesh_stream::{
    Command, INCOMING_A_PEER, INCOMING_MAX, NAME_MAX, NAMES_MAX, QUEUE, STREAMS_MAX, Streams, WINDOW, port,
};
use tabmesh_world::dice::Dice;
use tabmesh_world::perfect::{Perfect, Place, Weather};

const MS: u64 = 1_000;
const SECOND: u64 = 1_000 * MS;

struct World {
    net: Perfect<Streams>,
    dice: Dice,
    places: Vec<Place>,
    faces: Vec<Ends>,
    /// What a face reads at once, at most.
    appetite: usize,
    /// The applications did something just now.
    is_busy: bool,
}

impl World {
    fn new(seed: u64, weather: Weather, nodes: usize) -> Self {
        let mut net = Perfect::new(seed, weather);
        let places: Vec<Place> = (0..nodes).map(|_| net.attach(port(), Streams::new)).collect();
        let faces = (0..nodes).map(|_| Ends::default()).collect();
        let mut world =
            Self { net, dice: Dice::new(seed, 7), places, faces, appetite: 200_000, is_busy: true };
        for node in 0..nodes {
            world.command(node, &Command::Listen { name: b"files" }.emit());
        }
        world
    }

    fn id(&self, node: usize) -> NodeId {
        self.net.id(self.places[node])
    }

    fn command(&mut self, node: usize, bytes: &[u8]) {
        self.net.command(self.places[node], bytes);
        self.hear();
    }

    fn hear(&mut self) {
        for (place, face) in self.places.iter().zip(&mut self.faces) {
            for bytes in self.net.events(*place) {
                face.hear(&bytes);
            }
        }
    }

    /// Lets time pass in which all applications read and write.
    fn run_for(&mut self, us: u64) {
        let mut left = us;
        while left > 0 {
            let step = left.min(if self.is_busy { 20 * MS } else { SECOND });
            left -= step;
            self.net.run_for(step);
            self.hear();
            self.is_busy = false;
            for node in 0..self.faces.len() {
                for command in self.faces[node].act(&mut self.dice, self.appetite) {
                    self.is_busy = true;
                    self.net.command(self.places[node], &command);
                }
            }
            self.hear();
        }
    }

    fn text(&mut self, length: usize) -> Vec<u8> {
        (0..length).map(|_| self.dice.below(256) as u8).collect()
    }

    fn open(&mut self, node: usize, stream: u32, to: usize, text: Vec<u8>) {
        let id = self.id(to);
        let command = self.faces[node].open(stream, &id, b"files", text);
        self.command(node, &command);
    }

    /// How the only stream ended that others opened here.
    fn incoming(&mut self, node: usize) -> &mut ends::End {
        assert_eq!(self.faces[node].list.len(), 1);
        self.faces[node].list.values_mut().next().expect("a stream")
    }
}

#[test]
fn both_ways_come_whole_and_end_well() {
    let mut world = World::new(1, Weather::FAIR, 2);
    let (there, back) = (world.text(3_000_000), world.text(1_000_001));
    world.faces[1].answer = back.clone();
    world.open(0, 5, 1, there.clone());
    world.run_for(30 * SECOND);
    let own = world.faces[0].end(5);
    assert!(own.came == back && own.has_finished);
    assert_eq!(own.ended, [Status::Ok]);
    let opener = world.id(0);
    let other = world.incoming(1);
    assert_eq!(other.from, Some(opener));
    assert!(other.came == there && other.has_finished);
    assert_eq!(other.ended, [Status::Ok]);
}

#[test]
fn p1_a_stream_ends_once_and_what_came_is_what_was_written_whatever_is_lost() {
    for seed in 0..6 {
        let mut world = World::new(seed, Weather { loss_ppm: 30_000, ..Weather::FOUL }, 4);
        world.faces.iter_mut().for_each(|face| face.answer = vec![7; 40_000]);
        let mut texts = Vec::new();
        for stream in 0..6_u32 {
            let text = world.text(1 + 90_000 * stream as usize);
            texts.push(text.clone());
            world.open(stream as usize % 2, stream, 2 + stream as usize % 2, text);
        }
        world.run_for(400 * SECOND);
        let ended = world.faces.iter().flat_map(|face| face.list.values());
        assert!(ended.clone().count() >= 6 && ended.clone().all(|end| end.ended.len() == 1), "seed {seed}");
        for (stream, text) in texts.iter().enumerate() {
            let own = &world.faces[stream % 2].list[&(stream as u32)];
            assert_eq!(own.ended, [Status::Ok], "seed {seed}, stream {stream}");
            assert!(own.came.iter().all(|byte| *byte == 7) && own.came.len() == 40_000);
            let others = world.faces[2 + stream % 2].list.values();
            assert_eq!(others.filter(|end| end.came == *text).count(), 1, "seed {seed}, stream {stream}");
        }
    }
}

#[test]
fn p1_a_stream_ends_once_when_its_other_end_is_cut_off_leaves_or_begins_anew() {
    for (turn, how) in ["cut", "leave", "restart"].into_iter().enumerate() {
        for begun_ms in [0, 30, 200, 2_000] {
            let mut world = World::new(turn as u64, Weather::FAIR, 2);
            world.appetite = 5_000;
            let text = world.text(4_000_000);
            world.open(0, 1, 1, text.clone());
            world.run_for(begun_ms * MS);
            match how {
                "cut" => world.net.cut(&[world.places[1]]),
                "leave" => world.net.detach(world.places[1]),
                _ => {
                    world.net.restart(world.places[1], Streams::new);
                    world.faces[1] = Ends::default();
                }
            }
            world.run_for(200 * SECOND);
            let own = world.faces[0].end(1);
            assert_eq!(own.ended.len(), 1, "{how} after {begun_ms} ms");
            assert_ne!(own.ended, [Status::Ok]);
            for end in world.faces[1].list.values().filter(|_| how == "cut") {
                assert_eq!(end.ended.len(), 1, "{how} after {begun_ms} ms");
                assert!(text.starts_with(&end.came));
            }
        }
    }
}

#[test]
fn a_stream_outlives_a_cut_of_some_seconds() {
    let mut world = World::new(3, Weather::FAIR, 2);
    let text = world.text(2_000_000);
    world.open(0, 1, 1, text.clone());
    world.run_for(SECOND / 4);
    world.net.cut(&[world.places[1]]);
    world.run_for(8 * SECOND);
    world.net.heal();
    world.run_for(60 * SECOND);
    assert_eq!(world.faces[0].end(1).ended, [Status::Ok]);
    assert!(world.incoming(1).came == text);
}

#[test]
fn who_reads_slowly_is_sent_no_more_than_a_window_and_the_stream_waits_for_it() {
    let mut world = World::new(4, Weather::FAIR, 2);
    world.appetite = 0;
    let text = world.text(3 * WINDOW as usize);
    world.open(0, 1, 1, text.clone());
    world.run_for(300 * SECOND);
    assert_eq!(world.incoming(1).came.len(), WINDOW as usize);
    let own = world.faces[0].end(1);
    assert!(own.ended.is_empty(), "it waits as long as both ends are there");
    assert_eq!((own.written, own.room), (WINDOW as usize + QUEUE, 0));
    world.appetite = 100_000;
    world.run_for(60 * SECOND);
    assert!(world.incoming(1).came == text);
    assert_eq!(world.incoming(1).ended, [Status::Ok]);
}

#[test]
fn nothing_is_said_of_a_stream_that_nobody_uses_but_that_somebody_is_there() {
    let mut world = World::new(5, Weather::FAIR, 2);
    let id = world.id(1);
    world.command(0, &Command::Open { stream: 1, to: &id, name: b"files" }.emit());
    world.faces[0].list.insert(1, ends::End::default());
    world.run_for(0);
    world.net.run_for(10 * SECOND);
    let before = world.net.carried();
    world.net.run_for(600 * SECOND);
    world.hear();
    let carried = world.net.carried() - before;
    assert!((20..=130).contains(&carried), "a question and its answer each twenty seconds: {carried}");
    assert!(world.faces[0].end(1).ended.is_empty());
}

#[test]
fn a_reset_ends_both_ends_with_its_status() {
    let mut world = World::new(6, Weather::FAIR, 2);
    let text = world.text(5_000_000);
    world.open(0, 1, 1, text);
    world.run_for(SECOND / 2);
    let number = *world.faces[1].list.keys().next().expect("it is open");
    world.command(1, &Command::Reset { stream: number, status: Status::Forbidden }.emit());
    world.run_for(5 * SECOND);
    assert_eq!(world.faces[0].end(1).ended, [Status::Forbidden]);
    assert_eq!(world.incoming(1).ended, [Status::Forbidden]);
    world.command(0, &Command::Reset { stream: 1, status: Status::Forbidden }.emit());
    world.run_for(SECOND);
    assert_eq!(world.faces[0].end(1).ended.len(), 1);
}

#[test]
fn who_is_not_there_not_listening_or_full_is_told_from_each_other() {
    let mut world = World::new(7, Weather::FAIR, 3);
    let (stranger, deaf) = (NodeId([9; 32]), world.id(1));
    for (stream, to, name) in
        [(1, stranger, &b"files"[..]), (2, deaf, b"else"), (3, deaf, &[7; NAME_MAX + 1])]
    {
        let command = world.faces[0].open(stream, &to, name, Vec::new());
        world.command(0, &command);
    }
    let own = world.id(0);
    let command = world.faces[0].open(4, &own, b"files", Vec::new());
    world.command(0, &command);
    world.run_for(40 * SECOND);
    let how: Vec<_> = world.faces[0].list.values().map(|end| end.ended.clone()).collect();
    let wanted = [Status::Unavailable, Status::NotFound, Status::BadRequest, Status::BadRequest];
    assert_eq!(how, wanted.map(|status| vec![status]));
    // A peer has so many at most, and one beyond is refused; others still have room.
    world.appetite = 0;
    for stream in 10..=10 + INCOMING_A_PEER as u32 {
        world.open(0, stream, 2, vec![1; 5]);
        world.faces[0].end(stream).is_finished = true;
    }
    world.open(1, 1, 2, vec![1; 5]);
    world.run_for(10 * SECOND);
    let refused = |end: &&ends::End| end.ended == [Status::TooManyRequests];
    assert_eq!(world.faces[0].list.values().filter(refused).count(), 1);
    assert!(world.faces[1].end(1).is_open);
}

#[test]
fn the_bounds_of_a_node_hold_and_leave_room_for_its_own_streams() {
    let nodes = INCOMING_MAX / INCOMING_A_PEER + 2;
    let mut world = World::new(8, Weather::FAIR, nodes);
    for node in 1..nodes {
        for stream in 0..INCOMING_A_PEER as u32 {
            world.open(node, stream, 0, vec![1; 5]);
            world.faces[node].end(stream).is_finished = true;
        }
    }
    world.run_for(5 * SECOND);
    let open = |world: &World| world.faces[0].list.values().filter(|end| end.ended.is_empty()).count();
    assert_eq!(open(&world), INCOMING_MAX);
    for stream in 0..=(STREAMS_MAX - INCOMING_MAX) as u32 {
        world.open(0, stream, 1, Vec::new());
    }
    let last = (STREAMS_MAX - INCOMING_MAX) as u32;
    assert_eq!(world.faces[0].end(last).ended, [Status::TooManyRequests]);
    assert!((0..last).all(|stream| world.faces[0].list[&stream].ended.is_empty()));
    for number in 0..NAMES_MAX as u8 + 2 {
        world.command(0, &Command::Listen { name: &[number; 3] }.emit());
    }
    let refused = world.faces[0].listening.iter().filter(|(_, status)| *status != Status::Ok).count();
    assert_eq!(refused, 3, "one name was there before");
}

/// An application that hands in more than there is room for, or says that it read what never came, loses that stream and no other.
#[test]
fn a_face_that_counts_wrongly_loses_its_stream() {
    let mut world = World::new(9, Weather::FAIR, 2);
    for stream in 1..=3 {
        world.open(0, stream, 1, Vec::new());
        world.faces[0].end(stream).is_finished = true;
    }
    world.run_for(SECOND);
    world.command(0, &Command::Write { stream: 1, bytes: &vec![0; QUEUE + 1] }.emit());
    world.command(0, &Command::Read { stream: 2, count: 1 }.emit());
    world.run_for(SECOND);
    let how: Vec<_> = world.faces[0].list.values().map(|end| end.ended.clone()).collect();
    assert_eq!(how, [vec![Status::BadRequest], vec![Status::BadRequest], vec![]]);
}

/// What comes through others, and what anybody says in a peer's name, touches no stream.
#[test]
fn p8_what_is_not_proven_opens_nothing_and_touches_no_stream() {
    let mut world = World::new(10, Weather::FAIR, 2);
    world.open(0, 1, 1, vec![3; 50]);
    world.faces[0].end(1).is_finished = true;
    world.run_for(SECOND);
    let peer = world.id(0);
    // Data, an end and a new stream, as the opener would say it: run and number are known to the liar.
    let data = |kind: u8, rest: &[u8]| {
        [&[kind, 0], &world.net.attachment(world.places[0]).seed[28..], &[0, 0, 0, 1], rest].concat()
    };
    let lies = [
        data(2, &[0, 0, 0, 0, 0, 0, 0, 50, 66]),
        data(5, &[0, 203]),
        [&[1, 0, 0, 0, 0, 0, 0, 0, 0, 1][..], b"files"].concat(),
    ];
    for (ticket, bytes) in lies.iter().enumerate() {
        let told = Told::Asked {
            from: &peer,
            is_proven: false,
            ticket: 1_000 + ticket as u32,
            within_ms: 1_000,
            bytes,
        };
        world.net.tell(world.places[1], &told);
    }
    world.run_for(SECOND);
    let end = world.incoming(1);
    assert_eq!((end.came.clone(), end.ended.is_empty()), (vec![3; 50], true));
    // The same words over the peer's own link count.
    let told = Told::Asked { from: &peer, is_proven: true, ticket: 2_000, within_ms: 1_000, bytes: &lies[0] };
    world.net.tell(world.places[1], &told);
    world.run_for(SECOND);
    assert_eq!(world.incoming(1).came.len(), 51);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn arbitrary_questions_and_commands_panic_nowhere_and_cost_no_other_stream(
        bytes in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..60), 1..40),
    ) {
        let mut world = World::new(11, Weather::FAIR, 3);
        let text = world.text(300_000);
        world.open(0, 1, 1, text.clone());
        world.run_for(SECOND / 5);
        let liar = world.id(2);
        for (at, bytes) in bytes.iter().enumerate() {
            let told = Told::Asked { from: &liar, is_proven: true, ticket: 5_000 + at as u32, within_ms: 1_000, bytes };
            world.net.tell(world.places[1], &told);
            let told = Told::Answered { op: at as u32, from: &liar, is_proven: true, is_here: false, status: Status::Ok, bytes };
            world.net.tell(world.places[0], &told);
            world.net.command(world.places[2], bytes);
            world.net.events(world.places[2]);
        }
        world.net.run_for(SECOND);
        world.net.events(world.places[2]);
        world.run_for(20 * SECOND);
        prop_assert_eq!(&world.faces[0].end(1).ended, &[Status::Ok]);
        prop_assert!(world.faces[1].list.values().any(|end| end.came == text));
    }
}
