//! What comes all at once, and more than the hub can follow: no stream loses a byte, and others are put off meanwhile.

use std::time::Duration;

use tabmesh_port::{
    Attachment, Input, Instant, Module, NodeId, Outbox, Output, PublicKey, Room, Status, Told, Wish,
};
use tabmesh_stream::{Command, Event, INCOMING_A_PEER, UNREAD_MAX, port};
use tokio::sync::mpsc;

use super::EVENTS_MAX;
use super::{LINGER, Streams};
use crate::peer::Peer;
use crate::settings::Settings;
use crate::tap::{self, Tap};

const PIECES: usize = 400;

/// Opens what is opened, and when it is written to one stream tells of so many pieces in one turn.
struct Burst(Outbox);

impl Burst {
    fn tell(&mut self, event: Event<'_>) {
        self.0.put(&Output::Event(&event.emit()));
    }
}

impl Module for Burst {
    fn handle(&mut self, _now: Instant, input: Input<'_>) {
        let Input::Command(bytes) = input else { return };
        match Command::read(bytes) {
            Some(Command::Open { stream, .. }) => {
                self.tell(Event::Opened { stream });
                self.tell(Event::Room { stream, bytes: 10 });
            }
            Some(Command::Write { stream, .. }) => {
                for piece in 0..PIECES {
                    self.tell(Event::Came { stream, bytes: &piece.to_be_bytes() });
                }
                self.tell(Event::Finished { stream });
            }
            _ => {}
        }
    }

    fn poll(&mut self, room: Room) -> Option<Vec<u8>> {
        self.0.poll(room)
    }

    fn wanted_at(&self) -> Instant {
        Instant::NEVER
    }
}

#[tokio::test]
async fn however_much_comes_at_once_nothing_of_it_is_missing_and_no_other_stream_ends() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let peer = Peer::start(&Settings::at(dir.path())).await.expect("it starts");
    let burst = |_| Burst(Outbox::default());
    let streams = Streams::attach_made(peer.handle(), burst, LINGER).await.expect("free");
    let mut one = streams.open(NodeId([7; 32]), b"a").await.expect("it opens");
    let mut other = streams.open(NodeId([7; 32]), b"a").await.expect("it opens");
    one.writer.write(b"!").await.expect("there is room");
    for piece in 0..PIECES {
        let bytes = one.reader.next().await.expect("it goes on").expect("more");
        assert_eq!(&bytes[..], piece.to_be_bytes());
    }
    assert_eq!(one.reader.next().await, Ok(None));
    assert_eq!(other.writer.write(b"!").await, Ok(()));
    assert!(other.reader.next().await.expect("it is open").is_some());
    streams.close().await;
    assert!(streams.is_over());
    assert_eq!(other.writer.ended().await, Err(Status::Unavailable));
    peer.stop().await;
}

/// Opens what is opened, and notes what is reset.
struct Note(Outbox, mpsc::UnboundedSender<u32>);

impl Module for Note {
    fn handle(&mut self, _now: Instant, input: Input<'_>) {
        let Input::Command(bytes) = input else { return };
        match Command::read(bytes) {
            Some(Command::Open { stream, .. }) => {
                self.0.put(&Output::Event(&Event::Opened { stream }.emit()));
            }
            Some(Command::Reset { stream, .. }) => drop(self.1.send(stream)),
            _ => {}
        }
    }

    fn poll(&mut self, room: Room) -> Option<Vec<u8>> {
        self.0.poll(room)
    }

    fn wanted_at(&self) -> Instant {
        Instant::NEVER
    }
}

#[tokio::test]
async fn a_stream_that_nobody_has_any_more_does_not_stay_for_good() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let peer = Peer::start(&Settings::at(dir.path())).await.expect("it starts");
    let (noted, mut resets) = mpsc::unbounded_channel();
    let note = |_| Note(Outbox::default(), noted);
    let streams = Streams::attach_made(peer.handle(), note, Duration::from_millis(1)).await.expect("free");
    let mut one = streams.open(NodeId([7; 32]), b"a").await.expect("it opens");
    one.writer.finish();
    drop(one);
    assert_eq!(resets.recv().await, Some(1));
    peer.stop().await;
}

/// The real module without a node; the peer asks, and this is how each question was answered.
struct Alone(Tap<tabmesh_stream::Streams>);

impl Alone {
    fn handle(&mut self, input: Input<'_>) -> Option<Status> {
        self.0.handle(Instant(0), input);
        let mut answer = None;
        while let Some(flat) = self.0.poll(Room::ALL) {
            if let Ok(Output::Wish(Wish::Reply { status, .. })) = Output::read(&flat) {
                answer = Some(status);
            }
        }
        answer
    }

    fn ask(&mut self, kind: u8, stream: u32, rest: &[u8]) -> Option<Status> {
        let bytes = [&[kind, 0, 0, 0, 0, 0], &stream.to_be_bytes()[..], rest].concat();
        let told = Told::Asked {
            from: &NodeId([7; 32]),
            is_proven: true,
            ticket: 1,
            within_ms: 1_000,
            bytes: &bytes,
        };
        self.handle(Input::Told(told))
    }

    fn say(&mut self, stream: u32, place: usize) -> Option<Status> {
        self.ask(2, stream, &[&(place as u64).to_be_bytes()[..], b"a"].concat())
    }
}

#[tokio::test]
async fn a_hub_that_follows_slowly_puts_other_nodes_off_and_misses_nothing() {
    let (teller, mut events) = tap::channel(EVENTS_MAX);
    let attachment = Attachment { key: PublicKey([1; 64]), network: [0; 8], port: port(), seed: [0; 32] };
    let mut alone = Alone(teller.tap(tabmesh_stream::Streams::new(attachment)));
    alone.handle(Input::Command(&Command::Listen { name: b"files" }.emit()));
    let streams = INCOMING_A_PEER as u32;
    assert!((0..streams).all(|stream| alone.ask(1, stream, b"files") == Some(Status::Ok)));
    // Each is far from its own bound.
    let each = EVENTS_MAX / INCOMING_A_PEER;
    assert!(each < UNREAD_MAX);
    let mut taken = [0; INCOMING_A_PEER];
    let mut is_put_off = false;
    while !is_put_off {
        for stream in 0..streams {
            match alone.say(stream, taken[stream as usize]) {
                Some(Status::Ok) => taken[stream as usize] += 1,
                status => {
                    assert_eq!(status, Some(Status::TooManyRequests));
                    is_put_off = true;
                }
            }
        }
    }
    let mut count = 0;
    while count < EVENTS_MAX {
        let event = events.next().await.expect("it waits");
        assert!(!matches!(Event::read(&event), Some(Event::Ended { .. })));
        count += 1;
    }
    assert!(events.next_waiting().is_none());
    for stream in 0..streams {
        assert_eq!(alone.say(stream, taken[stream as usize]), Some(Status::Ok), "asked again");
    }
}
