//! One node whose peers say what they like: a test plays the overlay and the peers, and looks at what the module says.
#![allow(dead_code, unreachable_pub, reason = "each test file uses its own part")]

use tabmesh_port::limits::ASKS_MAX;
use tabmesh_port::{Attachment, Input, Instant, Module, NodeId, Output, PublicKey, Room, Status, Told, Wish};
use tabmesh_stream::{Command, Event, Streams, port};

pub const SECOND: u64 = 1_000_000;
pub const PEER: NodeId = NodeId([7; 32]);
pub const OTHER: NodeId = NodeId([8; 32]);
/// The number of the first stream that somebody opens there.
pub const FIRST: u32 = (1 << 31) + 1;

/// A question of the module that was not answered yet.
#[derive(Clone)]
pub struct Ask {
    pub op: u32,
    pub to: NodeId,
    pub within_ms: u32,
    pub bytes: Vec<u8>,
}

pub struct Alone {
    module: Streams,
    pub now: u64,
    pub asks: Vec<Ask>,
    /// What it answered last.
    status: Option<Status>,
    pub events: Vec<Vec<u8>>,
}

impl Alone {
    pub fn new() -> Self {
        let attachment = Attachment { key: PublicKey([1; 64]), network: [0; 8], port: port(), seed: [0; 32] };
        let module = Streams::new(attachment);
        let mut alone = Self { module, now: 0, asks: Vec::new(), status: None, events: Vec::new() };
        alone.say(&Command::Listen { name: b"files" });
        alone.events.clear();
        alone
    }

    pub fn handle(&mut self, input: Input<'_>) {
        self.module.handle(Instant(self.now), input);
        while let Some(flat) = {
            let has_room = self.asks.len() < ASKS_MAX;
            self.module.poll(if has_room { Room::ALL } else { Room::ALL.without(2) })
        } {
            match Output::read(&flat).expect("an output") {
                Output::Wish(Wish::Ask { op, to, within_ms, bytes }) => {
                    self.asks.push(Ask { op, to: *to, within_ms, bytes: bytes.to_vec() });
                }
                Output::Wish(Wish::Reply { status, .. }) => self.status = Some(status),
                Output::Event(bytes) => self.events.push(bytes.to_vec()),
                _ => {}
            }
        }
    }

    pub fn say(&mut self, command: &Command<'_>) {
        self.handle(Input::Command(&command.emit()));
    }

    /// A peer asks over its own link; what it is answered.
    pub fn ask(&mut self, from: NodeId, bytes: &[u8]) -> Status {
        let told = Told::Asked { from: &from, is_proven: true, ticket: 1, within_ms: 1_000, bytes };
        self.handle(Input::Told(told));
        self.status.take().expect("an answer at once")
    }

    pub fn answer(&mut self, ask: &Ask, status: Status) {
        self.end(ask, false, status);
    }

    /// A question ended, by its peer's word over its own link or by this node.
    pub fn end(&mut self, ask: &Ask, is_here: bool, status: Status) {
        self.asks.retain(|other| other.op != ask.op);
        let (op, from) = (ask.op, &ask.to);
        let told = Told::Answered { op, from, is_proven: !is_here, is_here, status, bytes: &[] };
        self.handle(Input::Told(told));
    }

    /// All questions to this peer get no answer.
    pub fn time_out(&mut self, to: NodeId) {
        for ask in self.asks.clone().iter().filter(|ask| ask.to == to) {
            self.end(ask, true, Status::TimedOut);
        }
    }

    pub fn run_for(&mut self, us: u64) {
        let end = self.now + us;
        while self.now < end {
            self.now = end.min(self.now + SECOND);
            self.handle(Input::Time);
        }
    }

    /// Opens a stream to a node that takes it.
    pub fn open(&mut self, stream: u32, to: NodeId) {
        self.say(&Command::Open { stream, to: &to, name: b"files" });
        self.handle(Input::Told(Told::Linked { id: &to, rtt_us: 1, is_relayed: false }));
        let ask = self.asks.last().expect("it asks").clone();
        self.answer(&ask, Status::Ok);
        assert_eq!(self.count(&Event::Opened { stream }), 1);
    }

    pub fn count(&self, event: &Event<'_>) -> usize {
        self.events.iter().filter(|bytes| **bytes == event.emit()).count()
    }

    /// How a stream ended, each time.
    pub fn ends(&self, number: u32) -> Vec<Status> {
        let ended = |bytes: &Vec<u8>| match Event::read(bytes) {
            Some(Event::Ended { stream, status }) if stream == number => Some(status),
            _ => None,
        };
        self.events.iter().filter_map(ended).collect()
    }

    pub fn to(&self, peer: NodeId) -> usize {
        self.asks.iter().filter(|ask| ask.to == peer).count()
    }
}

/// A question about a stream that the peer opened (role 0) or this node did (role 1).
pub fn question(kind: u8, role: u8, number: u32, rest: &[u8]) -> Vec<u8> {
    [&[kind, role, 0, 0, 0, 0], &number.to_be_bytes()[..], rest].concat()
}

pub fn data(number: u32, place: u64, bytes: &[u8]) -> Vec<u8> {
    question(2, 0, number, &[&place.to_be_bytes()[..], bytes].concat())
}
