//! Places for streams that others open: whoever has most gives way to who has fewer, and what is used by nobody goes first.

mod alone;

use alone::*;
use tabmesh_port::{NodeId, Status};
use tabmesh_stream::{Command, Event, INCOMING_A_PEER, INCOMING_MAX, UNUSED};

/// Opens one; what that is answered, and its number if it was taken.
fn open(alone: &mut Alone, by: u8, number: u32) -> (Status, u32) {
    let status = alone.ask(NodeId([by; 32]), &question(1, 0, number, b"files"));
    let last = alone.events.iter().rev().find_map(|bytes| match Event::read(bytes) {
        Some(Event::Incoming { stream, .. }) => Some(stream),
        _ => None,
    });
    (status, last.expect("one at least was taken"))
}

/// Opens one that is taken; its number.
fn taken(alone: &mut Alone, by: u8, number: u32) -> u32 {
    let (status, stream) = open(alone, by, number);
    assert_eq!(status, Status::Ok);
    stream
}

/// The application writes.
fn write(alone: &mut Alone, stream: u32) {
    alone.say(&Command::Write { stream, bytes: b"hello" });
}

/// Three peers fill all places; all streams are used, the later ones later.
fn full() -> (Alone, Vec<u32>) {
    let mut alone = Alone::new();
    let mut all = Vec::new();
    for by in 0..(INCOMING_MAX / INCOMING_A_PEER) as u8 {
        for number in 0..INCOMING_A_PEER as u32 {
            let stream = taken(&mut alone, 20 + by, number);
            alone.now += SECOND;
            write(&mut alone, stream);
            all.push(stream);
        }
    }
    (alone, all)
}

#[test]
fn p2_whoever_has_most_streams_gives_way_until_all_have_as_many() {
    let (mut alone, all) = full();
    for number in 0..6 {
        taken(&mut alone, 50, number);
    }
    assert_eq!(open(&mut alone, 50, 6).0, Status::TooManyRequests);
    let ended: Vec<bool> = all.iter().map(|stream| !alone.ends(*stream).is_empty()).collect();
    for of_one in ended.chunks(INCOMING_A_PEER) {
        // Two of each, and those that were not used for longest.
        assert_eq!(of_one, [true, true, false, false, false, false, false, false]);
    }
    assert_eq!(alone.ends(all[0]), [Status::TooManyRequests]);
    let why = (Status::TooManyRequests as u16).to_be_bytes();
    assert!(alone.asks.iter().any(|ask| ask.bytes == question(5, 1, 0, &why)), "the other end hears why");
}

#[test]
fn one_stream_that_is_used_stays_whoever_comes() {
    let mut alone = Alone::new();
    let first = taken(&mut alone, 10, 0);
    write(&mut alone, first);
    for by in 100..100 + 2 * INCOMING_MAX as u8 {
        if let (Status::Ok, stream) = open(&mut alone, by, 0) {
            write(&mut alone, stream);
        }
    }
    alone.now += UNUSED.0;
    assert_eq!(open(&mut alone, 99, 0).0, Status::TooManyRequests);
    assert_eq!(alone.ends(first), []);
}

#[test]
fn what_nobody_has_used_for_long_gives_way_first_but_not_to_who_would_have_more() {
    let (mut alone, all) = full();
    alone.say(&Command::Reset { stream: all[0], status: Status::Forbidden });
    let unused = taken(&mut alone, 10, 0);
    alone.now += UNUSED.0 - 1;
    taken(&mut alone, 50, 0);
    assert_eq!(alone.ends(unused), [], "it has some time");
    alone.now += 1;
    taken(&mut alone, 50, 1);
    assert_eq!(alone.ends(unused), [], "who would have two takes it from who has two at least");
    taken(&mut alone, 60, 0);
    assert_eq!(alone.ends(unused), [Status::TooManyRequests]);
}
