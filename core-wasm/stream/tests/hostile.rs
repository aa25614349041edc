//! One node whose peers say what they like.

mod alone;

use alone::*;
use tabmesh_port::{Input, Reason, Status, Told};
use tabmesh_stream::{ASKS_A_PEER, CHUNK, Command, ENDED_MAX, Event, QUEUE, UNREAD_MAX, WINDOW, WITHIN_MS};

#[test]
fn p1_an_opening_ends_in_time_whatever_the_other_end_answers() {
    for status in [Status::Unavailable, Status::TimedOut, Status::Unauthorized] {
        let mut alone = Alone::new();
        alone.say(&Command::Open { stream: 1, to: &PEER, name: b"files" });
        alone.handle(Input::Told(Told::Linked { id: &PEER, rtt_us: 1, is_relayed: false }));
        for _ in 0..40 {
            for ask in alone.asks.clone() {
                alone.answer(&ask, status);
            }
            alone.run_for(SECOND);
        }
        assert_eq!(alone.ends(1), [Status::Unavailable], "{status:?}");
    }
}

/// Its wait is shorter than the time that a stream has to open: a question that is lost leaves time for others.
#[test]
fn an_opening_that_gets_no_answer_is_asked_again_while_there_is_time() {
    let mut alone = Alone::new();
    alone.say(&Command::Open { stream: 1, to: &PEER, name: b"files" });
    alone.handle(Input::Told(Told::Linked { id: &PEER, rtt_us: 1, is_relayed: false }));
    let lost = alone.asks[0].clone();
    alone.run_for(u64::from(lost.within_ms) * 1_000);
    alone.end(&lost, true, Status::TimedOut);
    alone.run_for(2 * SECOND);
    assert_eq!(alone.asks.first().map(|ask| &ask.bytes), Some(&lost.bytes));
    let again = alone.asks[0].clone();
    alone.answer(&again, Status::Ok);
    assert_eq!((alone.count(&Event::Opened { stream: 1 }), alone.ends(1)), (1, vec![]));
}

#[test]
fn whoever_says_something_of_a_stream_has_taken_it_and_that_is_heard_once() {
    for status in [Status::Ok, Status::TimedOut] {
        let mut alone = Alone::new();
        alone.say(&Command::Open { stream: 1, to: &PEER, name: b"files" });
        alone.handle(Input::Told(Told::Linked { id: &PEER, rtt_us: 1, is_relayed: false }));
        let grant = question(4, 1, 1, &WINDOW.to_be_bytes());
        assert_eq!(alone.ask(PEER, &grant), Status::Ok);
        let open = alone.asks[0].clone();
        alone.answer(&open, status);
        alone.run_for(5 * SECOND);
        assert_eq!(alone.count(&Event::Opened { stream: 1 }), 1);
        assert_eq!(alone.count(&Event::Room { stream: 1, bytes: QUEUE as u32 }), 1);
        assert!(alone.asks.iter().all(|ask| ask.bytes.first() != Some(&1)), "it asks no more");
    }
}

#[test]
fn what_was_asked_of_a_stream_is_nothing_to_the_next_of_its_number() {
    let mut alone = Alone::new();
    alone.open(1, PEER);
    alone.say(&Command::Write { stream: 1, bytes: &[5; 100] });
    let old = alone.asks.last().expect("data").clone();
    alone.say(&Command::Reset { stream: 1, status: Status::Forbidden });
    alone.events.clear();
    alone.open(1, OTHER);
    alone.events.clear();
    alone.answer(&old, Status::Ok);
    assert!(alone.events.is_empty(), "{:?}", alone.events);
    alone.say(&Command::Write { stream: 1, bytes: &[6; 100] });
    assert_eq!(alone.ends(1), []);
}

#[test]
fn p1_an_idle_stream_outlives_a_link_that_another_one_replaces() {
    let mut alone = Alone::new();
    alone.open(1, PEER);
    // What is under way is lost with the link; that is known only when its time is over.
    alone.say(&Command::Write { stream: 1, bytes: &[5; 100] });
    alone.handle(Input::Told(Told::Unlinked { id: &PEER, reason: Reason::Lost }));
    alone.run_for(SECOND);
    alone.handle(Input::Told(Told::Linked { id: &PEER, rtt_us: 1, is_relayed: false }));
    alone.run_for(u64::from(WITHIN_MS) * 1_000);
    alone.time_out(PEER);
    alone.run_for(2 * SECOND);
    assert!(alone.ends(1).is_empty() && alone.to(PEER) > 0, "it is asked again");
    alone.run_for(60 * SECOND);
    assert_eq!(alone.ends(1), [Status::TimedOut], "and the silence has an end");
}

#[test]
fn a_stream_that_was_taken_and_given_up_does_not_open_twice() {
    let mut alone = Alone::new();
    let open = question(1, 0, 1, b"files");
    assert_eq!(alone.ask(PEER, &open), Status::Ok);
    alone.say(&Command::Reset { stream: FIRST, status: Status::Unavailable });
    assert_eq!(alone.ask(PEER, &open), Status::Forbidden);
    assert_eq!(alone.count(&Event::Incoming { stream: FIRST + 1, from: &PEER, name: b"files" }), 0);
}

#[test]
fn p2_whoever_answers_nothing_leaves_room_for_what_is_asked_of_others() {
    let mut alone = Alone::new();
    for stream in 1..=3 {
        alone.open(stream, PEER);
    }
    for stream in 1..=3 {
        alone.say(&Command::Write { stream, bytes: &[5; QUEUE] });
    }
    assert_eq!(alone.to(PEER), ASKS_A_PEER);
    alone.open(4, OTHER);
    alone.say(&Command::Write { stream: 4, bytes: &[5; 100_000] });
    assert!(alone.to(OTHER) > 0, "it is asked at once");
    for _ in 0..100_000 / CHUNK + 1 {
        let ask = alone.asks.iter().find(|ask| ask.to == OTHER).expect("the next piece").clone();
        alone.answer(&ask, Status::Ok);
    }
    // After that nobody is sent a whole window again and again: a piece of each stream, until one is answered.
    for _ in 0..2 {
        alone.time_out(PEER);
    }
    alone.run_for(2 * SECOND);
    assert_eq!(alone.to(PEER), 3);
    for _ in 0..2 {
        let ask = alone.asks.iter().find(|ask| ask.to == PEER).expect("a piece").clone();
        alone.answer(&ask, Status::Ok);
    }
    assert!(alone.to(PEER) > 3);
}

#[test]
fn what_stands_first_is_asked_again_first() {
    let mut alone = Alone::new();
    alone.open(1, PEER);
    alone.say(&Command::Write { stream: 1, bytes: &[5; 3 * CHUNK] });
    let pieces = alone.asks.clone();
    // The other end has no room for pieces behind one that was lost.
    alone.end(&pieces[0], true, Status::TimedOut);
    alone.answer(&pieces[2], Status::TooManyRequests);
    alone.answer(&pieces[1], Status::TooManyRequests);
    alone.run_for(2 * SECOND);
    let again: Vec<_> = alone.asks.iter().map(|ask| &ask.bytes).collect();
    assert_eq!(again, [&pieces[0].bytes]);
}

#[test]
fn nobody_has_the_ends_of_others_streams_forgotten() {
    let mut alone = Alone::new();
    assert_eq!(alone.ask(OTHER, &question(1, 0, 1, b"files")), Status::Ok);
    assert_eq!(alone.ask(OTHER, &question(5, 0, 1, &[0, 202])), Status::Ok);
    for number in 0..3 * ENDED_MAX as u32 {
        assert_eq!(alone.ask(PEER, &question(1, 0, number, b"files")), Status::Ok);
        assert_eq!(alone.ask(PEER, &question(5, 0, number, &[0, 202])), Status::Ok);
    }
    assert_eq!(alone.ask(OTHER, &data(1, 0, b"late")), Status::Forbidden);
    let last = 3 * ENDED_MAX as u32 - 1;
    assert_eq!(alone.ask(PEER, &data(last, 0, b"late")), Status::Forbidden, "the newest stay");
    assert_eq!(alone.ask(PEER, &data(0, 0, b"late")), Status::NotFound);
}

#[test]
fn tiny_pieces_that_nobody_reads_are_bounded_by_their_number() {
    let mut alone = Alone::new();
    assert_eq!(alone.ask(PEER, &question(1, 0, 1, b"files")), Status::Ok);
    for place in 0..UNREAD_MAX as u64 {
        assert_eq!(alone.ask(PEER, &data(1, place, b"a")), Status::Ok);
    }
    let next = data(1, UNREAD_MAX as u64, b"a");
    assert_eq!(alone.ask(PEER, &next), Status::TooManyRequests);
    assert_eq!(alone.ask(PEER, &data(1, 0, b"a")), Status::Ok, "what came is answered");
    alone.say(&Command::Read { stream: FIRST, count: 1 });
    assert_eq!(alone.ask(PEER, &next), Status::Ok);
    assert_eq!(alone.ends(FIRST), []);
}

#[test]
fn an_answer_says_why_a_stream_ends_and_whether_it_does() {
    let cases = [
        (Status::Unauthorized, None),
        (Status::NotImplemented, Some(Status::Unavailable)),
        (Status::VersionNotSupported, Some(Status::Unavailable)),
        (Status::NotFound, Some(Status::Unavailable)),
        (Status::Forbidden, Some(Status::Forbidden)),
    ];
    for (status, end) in cases {
        let mut alone = Alone::new();
        alone.open(1, PEER);
        alone.say(&Command::Write { stream: 1, bytes: &[5; 100] });
        let ask = alone.asks[0].clone();
        alone.answer(&ask, status);
        assert_eq!(alone.ends(1), Vec::from_iter(end), "{status:?}");
    }
}
